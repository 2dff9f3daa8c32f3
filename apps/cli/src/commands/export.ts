import { ThroughlineError } from "@throughline/api";
import type { OtlpAnswer } from "@throughline/traces/exchange";
import type { Command } from "commander";
import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Flags, invalidSetting } from "../config.ts";
import { parseDuration } from "../runtime/address.ts";
import { addressOfRunning, tokenOfRunning } from "../runtime/data-directory.ts";
import { refusedBy } from "../runtime/refused-by.ts";
import { progressBar } from "./progress-bar.ts";
import { addSettings, dataDirectoryOf, printJson, textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";

const formats = ["otlp-json", "jaeger-json", "ndjson", "parquet"] as const;

/** Spans out of a running trace backend, and into one. */
export function addExportCommands(program: Command, importing: Command, context: CommandContext): void {
  const out = program
    .command("export")
    .description("stored traces as a stream, the newest first")
    .option("--format <FORMAT>", formats.join(", "), "otlp-json")
    .option("--query <WHERE>", "a condition, see docs/search.md (default: everything)")
    .option("--service <NAME>", "traces with a span of this service")
    .option("--since <TIME>", "spans that started within this time, e.g. 24h")
    .option("--limit <N>", "so many traces at most")
    .option("--output <FILE>", "where to (default: standard output)");
  addSettings(out, ["data"]).action((flags: Flags) => runExport(flags, context));

  const into = importing
    .command("traces")
    .description(
      "spans of an export, of any format, into the running trace backend; they are redacted on the way",
    )
    .argument("<file>")
    .option("--format <FORMAT>", `${formats.join(", ")} (default: what the file looks like)`)
    .option("--json", "print JSON");
  addSettings(into, ["data"]).action((file: string, flags: Flags) => importTraces(file, flags, context));
}

async function runExport(flags: Flags, context: CommandContext): Promise<void> {
  const format = textOf(flags, "format") ?? "";
  if (!formats.some((one) => one === format))
    throw invalidSetting("--format", format, `expected one of ${formats.join(", ")}`);
  const parameters = new URLSearchParams({ format });
  const where = textOf(flags, "query");
  if (where !== undefined) parameters.set("where", where);
  for (const name of ["service", "limit"]) {
    const value = textOf(flags, name);
    if (value !== undefined) parameters.set(name, value);
  }
  const since = textOf(flags, "since");
  if (since !== undefined) {
    const duration = parseDuration(since);
    if (duration === undefined) throw invalidSetting("--since", since, "expected a time such as 24h");
    parameters.set("start", new Date(Date.now() - duration).toISOString());
  }
  const { url, headers } = backend(dataDirectoryOf(flags, context, { orDemo: true }), "console");
  const answer = await fetch(`${url}/api/throughline/export?${parameters.toString()}`, { headers });
  if (!answer.ok || answer.body === null) throw refusedBy(url, answer.status, await answer.json());
  const file = textOf(flags, "output");
  const isShown = file !== undefined && process.stderr.isTTY;
  let bytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (isShown) process.stderr.write(`\r${(bytes / 1e6).toFixed(1)} MB`);
      done(null, chunk);
    },
  });
  const target = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 });
  try {
    await pipeline(Readable.fromWeb(answer.body), counting, target, { end: file !== undefined });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    // Who reads our output may stop reading.
    if (code === "EPIPE") return;
    throw new ThroughlineError(
      "TL_EXPORT_BROKEN",
      `The export ended after ${bytes} bytes: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    );
  }
  if (isShown) process.stderr.write("\n");
}

async function importTraces(file: string, flags: Flags, context: CommandContext): Promise<void> {
  const { url, headers } = backend(dataDirectoryOf(flags, context, { orDemo: true }), "otlpHttp");
  const { formatOf, importFormats, readExport, readOtlpAnswer } =
    await import("@throughline/traces/exchange");
  const unreadable = (cause: unknown): never => {
    if (cause instanceof ThroughlineError) throw cause;
    throw new ThroughlineError("TL_FILE_UNREADABLE", `${file} cannot be read: ${String(cause)}`, { cause });
  };
  const { size } = await stat(file).catch(unreadable);
  const named = textOf(flags, "format");
  const format =
    named === undefined ? await formatOf(file).catch(unreadable) : importFormats.find((one) => one === named);
  if (format === undefined)
    throw invalidSetting("--format", named, `expected one of ${importFormats.join(", ")}`);
  const progress = progressBar(flags["json"] !== true && process.stderr.isTTY);
  const bad: { where: string; reason: string }[] = [];
  let taken = 0;
  for await (const part of readExport(file, format, size)) {
    const reason =
      "problem" in part
        ? part.problem
        : await send(readOtlpAnswer, `${url}/v1/traces`, headers, part.type, part.body);
    if (reason === undefined) taken++;
    else {
      bad.push({ where: part.where, reason });
      progress.clear();
      if (flags["json"] !== true) process.stderr.write(`${file}: ${part.where}: ${reason}, skipped\n`);
    }
    progress.update(part.share, 1);
  }
  progress.clear();
  const parts = format === "jaeger-json" ? "traces" : format === "otlp-json" ? "lines" : "parts";
  if (flags["json"] === true) printJson({ format, parts: taken + bad.length, taken, bad });
  else process.stdout.write(`${taken} of ${taken + bad.length} ${parts} of ${file} are stored\n`);
  if (taken === 0 && bad.length > 0)
    throw new ThroughlineError("TL_IMPORT_NOTHING", `${file}: all ${bad.length} ${parts} are bad.`);
}

/** Why a part was not taken. Throws where the backend is gone or takes nothing from us. */
async function send(
  readOtlpAnswer: (bytes: Uint8Array, wasTaken: boolean) => OtlpAnswer,
  url: string,
  headers: Record<string, string>,
  type: string,
  body: Uint8Array,
): Promise<string | undefined> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": type },
    body: Uint8Array.from(body),
  }).catch((cause: unknown) => {
    throw new ThroughlineError("TL_NOT_RUNNING", `${url} does not answer: ${String(cause)}`, { cause });
  });
  const told = new Uint8Array(await answer.arrayBuffer());
  const { rejectedSpans, message } =
    type === "application/json" ? fromJson(told) : readOtlpAnswer(told, answer.ok);
  if (answer.ok) return rejectedSpans === 0n ? undefined : message;
  if (answer.status === 400 || answer.status === 413) return message;
  throw refusedBy(url, answer.status, { detail: message });
}

/** OTLP answers in the encoding of the request. */
function fromJson(bytes: Uint8Array): OtlpAnswer {
  const { message, partialSuccess } = JSON.parse(Buffer.from(bytes).toString("utf8")) as {
    message?: string;
    partialSuccess?: { rejectedSpans?: string; errorMessage?: string };
  };
  return {
    rejectedSpans: BigInt(partialSuccess?.rejectedSpans ?? 0),
    message: message ?? partialSuccess?.errorMessage ?? "",
  };
}

function backend(directory: string, part: string): { url: string; headers: Record<string, string> } {
  const url = addressOfRunning(directory, part);
  if (url === undefined)
    throw new ThroughlineError("TL_NOT_RUNNING", "No trace backend runs on this data directory.");
  const token = tokenOfRunning(directory, part);
  return { url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } };
}
