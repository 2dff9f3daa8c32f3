import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";

/**
 * Everything that the store writes goes through here, so that a test can stop, fail or shorten any step. Errors are the system's.
 */
export interface Files {
  read(path: string): Buffer;
  list(directory: string): string[];
  size(path: string): number;
  makeDirectory(path: string): void;
  /** A file of its own, whole and synced; whatever stood there before is lost. */
  write(path: string, chunks: readonly Uint8Array[]): void;
  rename(from: string, to: string): void;
  /** No error where there is none. */
  remove(path: string): void;
  /** Makes new, renamed and removed names durable. */
  syncDirectory(path: string): void;
  /** A new file to be written piece by piece. */
  createLog(path: string): LogFile;
}

/** The writer waits for the disk: what comes in meanwhile forms the next group, and no other thread need be woken. */
export interface LogFile {
  write(bytes: Uint8Array, position: number): void;
  sync(): void;
  truncate(length: number): void;
  close(): void;
}

export const systemFiles: Files = {
  read: (path) => readFileSync(path),
  list: (directory) => readdirSync(directory),
  size: (path) => statSync(path).size,
  makeDirectory: (path) => void mkdirSync(path, { recursive: true, mode: 0o700 }),
  write: writeWhole,
  rename: (from, to) => renameSync(from, to),
  remove: (path) => rmSync(path, { force: true }),
  syncDirectory: (path) => {
    const descriptor = openSync(path, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  },
  createLog: (path) => logFile(openSync(path, "wx", 0o600)),
};

function writeWhole(path: string, chunks: readonly Uint8Array[]): void {
  const descriptor = openSync(path, "w", 0o600);
  try {
    for (const chunk of chunks) {
      for (let done = 0; done < chunk.length;)
        done += writeSync(descriptor, chunk, done, chunk.length - done);
    }
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function logFile(descriptor: number): LogFile {
  return {
    write: (bytes, position) => {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
      }
    },
    sync: () => fdatasyncSync(descriptor),
    truncate: (length) => {
      ftruncateSync(descriptor, length);
      fdatasyncSync(descriptor);
    },
    close: () => closeSync(descriptor),
  };
}
