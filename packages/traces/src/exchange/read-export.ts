import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { ThroughlineError } from "@throughline/api/errors";
import { encodeBatch } from "../store/batch-encoding.ts";
import { readJaegerTrace } from "./jaeger-json.ts";
import { jsonObjects } from "./json-objects.ts";

export { type OtlpAnswer, readOtlpAnswer } from "./otlp-answer.ts";

export const importFormats = ["otlp-json", "jaeger-json", "ndjson", "parquet"] as const;
export type ImportFormat = (typeof importFormats)[number];

/** A part of a file: where it stands, and a request of OTLP, or why it is none. */
export type ImportPart = {
  /** For people: `line 5`, `trace 3`, `row 7`. */
  where: string;
  /** How much of the file was read so far, 0..1. */
  share: number;
} & ({ type: "application/json" | "application/x-protobuf"; body: Uint8Array } | { problem: string });

const rowsAtOnce = 2_000;
const spansAtOnce = 2_000;

/** What a file is by its first bytes. Throws the system's error, or ThroughlineError TL_FILE_UNREADABLE where it is none of these. */
export async function formatOf(file: string): Promise<ImportFormat> {
  const start = await startOf(file);
  if (start.startsWith("PAR1")) return "parquet";
  if (/^\s*(?:\[|\{\s*"(?:data|traceID|spans|processes)"\s*:)/.test(start)) return "jaeger-json";
  if (/^\s*\{\s*"traceId"\s*:/.test(start)) return "ndjson";
  if (/^\s*\{\s*"(?:resourceSpans|resource_spans)"/.test(start)) return "otlp-json";
  throw new ThroughlineError(
    "TL_FILE_UNREADABLE",
    `${file} begins like none of ${importFormats.join(", ")}: name its format with --format.`,
  );
}

async function startOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4_096), 0, 4_096, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The parts of an export, one by one; in memory is never more than a few of them. */
export async function* readExport(
  file: string,
  format: ImportFormat,
  size: number,
): AsyncGenerator<ImportPart> {
  switch (format) {
    case "otlp-json":
      for await (const { line, text, share } of linesOf(file, size))
        yield { where: `line ${line}`, share, type: "application/json", body: Buffer.from(text) };
      return;
    case "ndjson":
      yield* spanLines(file, size);
      return;
    case "jaeger-json":
      yield* jaegerTraces(file, size);
      return;
    case "parquet":
      yield* parquetRows(file);
  }
}

interface Line {
  line: number;
  text: string;
  share: number;
}

/** Lines end with a line feed and with nothing else: other ends of lines may stand within JSON's texts. */
async function* linesOf(file: string, size: number): AsyncGenerator<Line> {
  let line = 0;
  let bytes = 0;
  let begun: Buffer[] = [];
  const ended = (end: Buffer): Line[] => {
    const text = Buffer.concat([...begun, end]).toString("utf8");
    begun = [];
    line++;
    return text.trim() === "" ? [] : [{ line, text, share: Math.min(1, bytes / size) }];
  };
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      bytes += at + 1 - from;
      yield* ended(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
    bytes += chunk.length - from;
  }
  if (begun.length > 0) yield* ended(Buffer.alloc(0));
}

/** Each line carries its span as OTLP; requests put together are a request. */
async function* spanLines(file: string, size: number): AsyncGenerator<ImportPart> {
  let bodies: Buffer[] = [];
  let first = 0;
  let last: Line | undefined;
  const gathered = (): ImportPart[] => {
    if (last === undefined || bodies.length === 0) return [];
    const where = first === last.line ? `line ${first}` : `lines ${first} to ${last.line}`;
    const body = Buffer.concat(bodies);
    bodies = [];
    return [{ where, share: last.share, type: "application/x-protobuf", body }];
  };
  for await (const line of linesOf(file, size)) {
    const otlp = otlpOf(line.text);
    if (otlp === undefined) {
      yield { where: `line ${line.line}`, share: line.share, problem: 'is no JSON object with "otlp"' };
      continue;
    }
    if (bodies.length === 0) first = line.line;
    last = line;
    bodies.push(otlp);
    if (bodies.length >= spansAtOnce) yield* gathered();
  }
  yield* gathered();
}

function otlpOf(text: string): Buffer | undefined {
  try {
    const parsed = JSON.parse(text) as { otlp?: unknown } | null;
    return typeof parsed?.otlp === "string" && parsed.otlp !== ""
      ? Buffer.from(parsed.otlp, "base64")
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As Jaeger's API and UI give them away, a list of traces, or a trace alone. */
async function* jaegerTraces(file: string, size: number): AsyncGenerator<ImportPart> {
  const isOne = /^\s*\{\s*"(?:traceID|spans|processes)"\s*:/.test(await startOf(file));
  const input = createReadStream(file, { encoding: "utf8" });
  let number = 0;
  const share = (): number => Math.min(1, input.bytesRead / size);
  try {
    for await (const text of jsonObjects(input as AsyncIterable<string>, isOne)) {
      number++;
      const where = `trace ${number}`;
      try {
        const body = encodeBatch(readJaegerTrace(text));
        yield { where, share: share(), type: "application/x-protobuf", body };
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        yield { where, share: share(), problem: error.message };
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    yield { where: `trace ${number + 1}`, share: 1, problem: error.message };
  }
}

async function* parquetRows(file: string): AsyncGenerator<ImportPart> {
  const buffer = await asyncBufferFromFile(file);
  const metadata = await parquetMetadataAsync(buffer);
  const rows = Number(metadata.num_rows);
  if (!metadata.schema.some(({ name }) => name === "otlp"))
    throw new ThroughlineError(
      "TL_FILE_UNREADABLE",
      `${file} has no column "otlp": it is no export of spans.`,
    );
  for (let rowStart = 0; rowStart < rows; rowStart += rowsAtOnce) {
    const rowEnd = Math.min(rows, rowStart + rowsAtOnce);
    const read = await parquetReadObjects({
      file: buffer,
      metadata,
      columns: ["otlp"],
      rowStart,
      rowEnd,
      utf8: false,
      compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
    });
    const bodies = read.flatMap(({ otlp }) => (otlp instanceof Uint8Array ? [otlp] : []));
    const where = `rows ${rowStart + 1} to ${rowEnd}`;
    if (bodies.length < read.length)
      yield { where, share: rowEnd / rows, problem: "some have no span as OTLP" };
    yield { where, share: rowEnd / rows, type: "application/x-protobuf", body: Buffer.concat(bodies) };
  }
}
