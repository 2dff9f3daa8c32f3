import { ThroughlineError } from "@throughline/api";
import { type FileHandle, open, stat } from "node:fs/promises";
import { lengthProblem, readCsv } from "./csv.ts";
import { type ImportOptions, unreadable } from "./import-result.ts";
import { type Line, readLines } from "./lines.ts";

/** A row with its line in the file, 1-based; `problem` where it could not be read as a record at all. */
export interface Row {
  line: number;
  fields: unknown;
  problem?: string;
}

/**
 * Streams the rows of a CSV with a header, or of JSONL: told by the name, else by the first character.
 * Throws TL_FILE_UNREADABLE, and TL_IMPORT_NOTHING for a header that lacks a `required` column (`a|b`: one of them).
 */
export async function* readRows(
  path: string,
  required: readonly string[],
  options: ImportOptions,
): AsyncGenerator<Row> {
  let file: FileHandle | undefined;
  try {
    // A pipe or a device would be waited for without end.
    const { size } = await statFile(path);
    file = await open(path);
    const isJson = await isJsonLines(path, file);
    const lines = readLines(file, (done) => options.onProgress(done, Math.max(size, done)));
    yield* isJson ? fromJsonLines(lines) : fromCsv(lines, path, required);
  } catch (error) {
    if (error instanceof ThroughlineError) throw error;
    throw unreadable(path, error);
  } finally {
    await file?.close();
  }
}

async function statFile(path: string): Promise<{ size: number }> {
  const info = await stat(path);
  if (info.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
  if (!info.isFile()) throw new Error("it is no regular file");
  return info;
}

async function* fromJsonLines(lines: AsyncIterable<Line>): AsyncGenerator<Row> {
  for await (const { number, text } of lines) {
    if (text === undefined) yield { line: number, fields: undefined, problem: lengthProblem };
    else if (text.trim() !== "") yield parseLine(text, number);
  }
}

function parseLine(text: string, line: number): Row {
  try {
    return { line, fields: JSON.parse(text) as unknown };
  } catch {
    return { line, fields: undefined, problem: "is not valid JSON" };
  }
}

async function* fromCsv(
  lines: AsyncIterable<Line>,
  path: string,
  required: readonly string[],
): AsyncGenerator<Row> {
  let header: string[] | undefined;
  for await (const record of readCsv(lines)) {
    if ("problem" in record) yield { line: record.line, fields: undefined, problem: record.problem };
    else if (header === undefined) {
      header = record.fields.map((name) => name.trim().toLowerCase());
      refuseMissing(path, header, required);
    } else {
      const { fields } = record;
      yield { line: record.line, fields: Object.fromEntries(header.map((name, at) => [name, fields[at]])) };
    }
  }
}

function refuseMissing(path: string, header: readonly string[], required: readonly string[]): void {
  const missing = required
    .map((names) => names.split("|"))
    .filter((names) => !names.some((name) => header.includes(name)))
    .map((names) => names.join(" or "));
  if (missing.length === 0) return;
  throw new ThroughlineError(
    "TL_IMPORT_NOTHING",
    `${path} lacks the column${missing.length > 1 ? "s" : ""} ${missing.join(", ")}; its header has ${header.slice(0, 20).join(", ").slice(0, 500)}.`,
  );
}

async function isJsonLines(path: string, file: FileHandle): Promise<boolean> {
  if (/\.(?:jsonl|ndjson)$/i.test(path)) return true;
  if (/\.csv$/i.test(path)) return false;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
  return buffer.subarray(0, bytesRead).toString("utf8").trimStart().startsWith("{");
}
