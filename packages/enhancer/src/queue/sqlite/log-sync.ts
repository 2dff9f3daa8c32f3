import { close, fdatasync, open } from "node:fs";
import { promisify } from "node:util";

const openFile = promisify(open);
const syncFile = promisify(fdatasync);
const closeFile = promisify(close);

/**
 * Syncs SQLite's log (https://www.sqlite.org/wal.html) from outside of SQLite, off the thread. The file stays the same as long as a
 * connection is open; where a checkpoint has emptied it, SQLite has synced log and database before. Opening and closing it again
 * touches none of SQLite's locks: they lie on the other two files.
 */
export class LogSync {
  private readonly path: string;
  private file: Promise<number> | undefined;
  private running: Promise<void> | undefined;
  private next: Promise<void> | undefined;

  /** The file need not be there before the first sync. */
  constructor(path: string) {
    this.path = path;
  }

  /** Resolves when all that was written until now is on disk; while one sync runs, the calls for the next are one. */
  sync(): Promise<void> {
    if (this.running === undefined) return this.begin();
    this.next ??= this.running.catch(() => undefined).then(() => this.begin());
    return this.next;
  }

  async close(): Promise<void> {
    for (;;) {
      const last = this.next ?? this.running;
      if (last === undefined) break;
      await last.catch(() => undefined);
    }
    if (this.file !== undefined) await closeFile(await this.file);
    this.file = undefined;
  }

  private begin(): Promise<void> {
    this.next = undefined;
    const running = this.syncNow().finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }

  private async syncNow(): Promise<void> {
    this.file ??= openFile(this.path, "r+").catch((error: unknown) => {
      this.file = undefined;
      throw error;
    });
    await syncFile(await this.file);
  }
}
