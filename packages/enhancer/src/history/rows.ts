import { parse } from "csv-parse";
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { type ImportOptions, unreadable } from "./import-result.ts";

/** A row with its line in the file, 1-based; `problem` where it could not be read as a record at all. */
export interface Row {
  line: number;
  fields: unknown;
  problem?: string;
}

/** Streams the rows of a CSV with a header, or of JSONL: told by the name, else by the first character. */
export async function* readRows(path: string, options: ImportOptions): AsyncGenerator<Row> {
  let total: number;
  let jsonLines: boolean;
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    total = info.size;
    jsonLines = await isJsonLines(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  const stream = createReadStream(path);
  let done = 0;
  stream.on("data", (chunk) => {
    done += chunk.length;
    options.onProgress(done, total);
  });
  yield* jsonLines ? fromJsonLines(stream) : fromCsv(stream);
}

async function* fromJsonLines(stream: NodeJS.ReadableStream): AsyncGenerator<Row> {
  let line = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Infinity })) {
    line++;
    if (text.trim() === "") continue;
    yield parseLine(text, line);
  }
}

function parseLine(text: string, line: number): Row {
  try {
    return { line, fields: JSON.parse(text) as unknown };
  } catch {
    return { line, fields: undefined, problem: "is not valid JSON" };
  }
}

async function* fromCsv(stream: NodeJS.ReadableStream): AsyncGenerator<Row> {
  const problems: Row[] = [];
  const parser = stream.pipe(
    parse({
      bom: true,
      columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
      info: true,
      skip_empty_lines: true,
      relax_quotes: true,
      skip_records_with_error: true,
      on_skip: (error) => {
        problems.push({
          line: Number(error?.lines ?? 0),
          fields: undefined,
          problem: "has another number of columns than the header, or a broken quote",
        });
        return undefined;
      },
    }),
  );
  for await (const { record, info } of parser as AsyncIterable<{
    record: unknown;
    info: { lines: number };
  }>) {
    yield* problems.splice(0);
    yield { line: info.lines, fields: record };
  }
  yield* problems;
}

async function isJsonLines(path: string): Promise<boolean> {
  if (/\.(?:jsonl|ndjson)$/i.test(path)) return true;
  if (/\.csv$/i.test(path)) return false;
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.subarray(0, bytesRead).toString("utf8").trimStart().startsWith("{");
  } finally {
    await file.close();
  }
}
