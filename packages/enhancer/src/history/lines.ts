import type { FileHandle } from "node:fs/promises";

/** A line without its end, and its number in the file, 1-based. `text` is undefined where it is over the limit. */
export interface Line {
  number: number;
  text: string | undefined;
}

const newline = 0x0a;
const chunkBytes = 256 * 1024;
/** Far beyond the largest row that could be stored; keeps a file without line ends out of memory. */
const lineLimitBytes = 1024 * 1024;

/** The lines of a file. UTF-8; a line that is none is read as Windows-1252, as spreadsheets write it. A BOM is left out. */
export async function* readLines(
  file: FileHandle,
  onProgress: (doneBytes: number) => void,
): AsyncGenerator<Line> {
  let number = 0;
  let done = 0;
  let rest: Buffer[] = [];
  let restBytes = 0;
  const line = (end: Buffer): Line => {
    number++;
    const isTooLong = restBytes + end.length > lineLimitBytes;
    const text = isTooLong ? undefined : decode(rest.length === 0 ? end : Buffer.concat([...rest, end]));
    rest = [];
    restBytes = 0;
    return { number, text };
  };
  for (;;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes);
    if (bytesRead === 0) break;
    const chunk = buffer.subarray(0, bytesRead);
    let from = 0;
    for (let to = chunk.indexOf(newline); to !== -1; to = chunk.indexOf(newline, from)) {
      yield line(chunk.subarray(from, to));
      from = to + 1;
    }
    if (restBytes <= lineLimitBytes) rest.push(chunk.subarray(from));
    restBytes += bytesRead - from;
    done += bytesRead;
    onProgress(done);
  }
  if (restBytes > 0) yield line(Buffer.alloc(0));
}

/** Both decoders leave a BOM out. */
const utf8 = new TextDecoder("utf-8", { fatal: true });
const windows = new TextDecoder("windows-1252");

function decode(bytes: Buffer): string {
  const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
  try {
    return utf8.decode(line);
  } catch {
    return windows.decode(line);
  }
}
