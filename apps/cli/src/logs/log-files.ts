import { mkdirSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { destination } from "pino";

type Destination = ReturnType<typeof destination>;

export interface LogFilesOptions {
  directory: string;
  role: string;
  /** Files that were last written earlier are removed, milliseconds. */
  keepMs: number;
  /** Of all files together; past it the oldest go. */
  maxBytes: number;
}

/** A disk that does not keep up must not stop us: past this many characters in memory, lines are dropped. */
const maxBuffered = 4 * 1024 * 1024;
/** A file is full at a sixteenth of all room, this much at most. */
const largestFile = 64 * 1024 * 1024;
const parts = 16;
const checkMs = 60_000;
const dayMs = 86_400_000;
/** After a write failed (a full disk), a new file is tried so much later; lines until then are lost here, not on standard error. */
const retryMs = 10_000;

/**
 * A role's log in `DIR/logs/`, JSON lines: `<role>-<time>-<pid>.jsonl`, another file each day and whenever one is full. A stream for pino; it
 * never blocks and never fails.
 */
export class LogFiles {
  private readonly options: LogFilesOptions;
  private readonly fileBytes: number;
  private current: Destination | undefined;
  private written = 0;
  private openedAt = 0;
  private brokenUntil = 0;
  private files = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(options: LogFilesOptions) {
    this.options = options;
    this.fileBytes = Math.min(largestFile, Math.max(64 * 1024, options.maxBytes / parts));
    this.timer = setInterval(() => this.prune(), checkMs);
    this.timer.unref();
    this.prune();
  }

  write(line: string): void {
    const now = Date.now();
    if (now < this.brokenUntil) return;
    if (
      this.current === undefined ||
      this.written + line.length > this.fileBytes ||
      Math.floor(now / dayMs) !== Math.floor(this.openedAt / dayMs)
    )
      this.turn(now);
    this.written += line.length;
    this.current?.write(line);
  }

  close(): void {
    clearInterval(this.timer);
    this.current?.end();
    this.current = undefined;
  }

  private turn(now: number): void {
    this.current?.end();
    this.current = undefined;
    const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const name = `${this.options.role}-${time}-${process.pid}-${++this.files}.jsonl`;
    let descriptor: number;
    try {
      mkdirSync(this.options.directory, { recursive: true, mode: 0o700 });
      // Opened at once: a process may end with its first line, and a file that is still being opened cannot take it.
      descriptor = openSync(join(this.options.directory, name), "a", 0o600);
    } catch {
      this.brokenUntil = now + retryMs;
      return;
    }
    const file = destination({
      dest: descriptor,
      sync: false,
      maxLength: maxBuffered,
      // One write for many lines; they stand in the file a fifth of a second later.
      minLength: 8_192,
      periodicFlush: 200,
    });
    file.on("error", () => {
      if (this.current !== file) return;
      this.current = undefined;
      this.brokenUntil = Date.now() + retryMs;
    });
    [this.current, this.written, this.openedAt] = [file, 0, now];
    this.prune();
  }

  /** Files of every role on the directory, also of processes that are gone. */
  private prune(): void {
    const { directory, keepMs, maxBytes } = this.options;
    const files = logFilesIn(directory).sort((a, b) => b.changedAt - a.changedAt);
    const oldest = Date.now() - keepMs;
    let room = maxBytes;
    for (const { path, bytes, changedAt } of files) {
      room -= bytes;
      if (changedAt >= oldest && room >= 0) continue;
      if (path.includes(`-${process.pid}-${this.files}.jsonl`) && this.current !== undefined) continue;
      rmSync(path, { force: true });
    }
  }
}

export interface LogFile {
  path: string;
  bytes: number;
  /** Milliseconds since the epoch. */
  changedAt: number;
}

/** The log files of a directory; none where it is not there. */
export function logFilesIn(directory: string): LogFile[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => {
      const path = join(directory, name);
      const found = statSync(path, { throwIfNoEntry: false });
      return found === undefined ? [] : [{ path, bytes: found.size, changedAt: found.mtimeMs }];
    });
}
