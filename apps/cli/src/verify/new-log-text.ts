import { open } from "node:fs/promises";
import { logFilesIn } from "../logs/log-files.ts";

const atMost = 64 * 1024 * 1024;

/** Remembers how long the log files of a directory are; what is returned gives what was appended since, and new files. */
export function logTextSince(directory: string): () => Promise<string> {
  const sizes = new Map(logFilesIn(directory).map(({ path, bytes }) => [path, bytes]));
  return async () => {
    const texts = await Promise.all(
      logFilesIn(directory).map(({ path }) => readFrom(path, sizes.get(path) ?? 0)),
    );
    return texts.join("\n");
  };
}

async function readFrom(path: string, start: number): Promise<string> {
  let file;
  try {
    file = await open(path);
  } catch (error) {
    // Too old: it was removed just now.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(atMost, Math.max(0, size - start)));
    const { bytesRead } = await file.read({ buffer, position: start });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
