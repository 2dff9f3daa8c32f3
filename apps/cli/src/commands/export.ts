import { ThroughlineError } from "@throughline/api";
import type { Command } from "commander";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Flags, invalidSetting } from "../config.ts";
import { parseDuration } from "../runtime/address.ts";
import { addressOfRunning, tokenOfRunning } from "../runtime/data-directory.ts";
import { refusedBy } from "../runtime/refused-by.ts";
import { addSettings, dataDirectoryOf, printJson, textOf } from "./options.ts";
import type { CommandContext } from "./context.ts";

const formats = ["otlp-json", "jaeger-json", "ndjson"] as const;

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
      "spans of an export in otlp-json, into the running trace backend; they are redacted on the way",
    )
    .argument("<file>")
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
  const size = await stat(file).catch((cause: unknown) => {
    throw new ThroughlineError("TL_FILE_UNREADABLE", `${file} cannot be read: ${String(cause)}`, { cause });
  });
  const isShown = flags["json"] !== true && process.stderr.isTTY;
  const bad: { line: number; reason: string }[] = [];
  let line = 0;
  let taken = 0;
  let bytes = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    line++;
    bytes += text.length + 1;
    if (text.trim() === "") continue;
    const reason = await send(`${url}/v1/traces`, headers, text);
    if (reason === undefined) taken++;
    else bad.push({ line, reason });
    if (reason !== undefined && flags["json"] !== true)
      process.stderr.write(`${file}: line ${line}: ${reason}, skipped\n`);
    if (isShown) process.stderr.write(`\r${Math.min(100, Math.round((bytes / size.size) * 100))} %`);
  }
  if (isShown) process.stderr.write("\r\u001b[K");
  if (flags["json"] === true) printJson({ lines: line, taken, bad });
  else process.stdout.write(`${taken} of ${taken + bad.length} lines of ${file} are stored\n`);
  if (taken === 0 && bad.length > 0)
    throw new ThroughlineError("TL_IMPORT_NOTHING", `${file}: all ${bad.length} lines are bad.`);
}

/** Why a line was not taken. Throws where the backend is gone or takes nothing from us. */
async function send(url: string, headers: Record<string, string>, body: string): Promise<string | undefined> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body,
  }).catch((cause: unknown) => {
    throw new ThroughlineError("TL_NOT_RUNNING", `${url} does not answer: ${String(cause)}`, { cause });
  });
  const told = (await answer.json()) as {
    message?: string;
    partialSuccess?: { rejectedSpans?: string; errorMessage?: string };
  };
  if (answer.ok)
    return told.partialSuccess?.rejectedSpans === undefined ? undefined : told.partialSuccess.errorMessage;
  if (answer.status === 400 || answer.status === 413) return told.message;
  throw refusedBy(url, answer.status, { detail: told.message });
}

function backend(directory: string, part: string): { url: string; headers: Record<string, string> } {
  const url = addressOfRunning(directory, part);
  if (url === undefined)
    throw new ThroughlineError("TL_NOT_RUNNING", "No trace backend runs on this data directory.");
  const token = tokenOfRunning(directory, part);
  return { url, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } };
}
