import { closeSync, type FSWatcher, openSync, watch, writeSync } from "node:fs";

/**
 * A file that is written when there is work; workers of other processes watch it. Where the file system tells of no changes, workers
 * still look by themselves, only later.
 */
export class WakeFile {
  private readonly path: string;
  private descriptor: number | undefined;
  private watcher: FSWatcher | undefined;
  private told = -1;

  constructor(path: string) {
    this.path = path;
  }

  /** At once, and once for all that became work with a commit: `commit` is its number. */
  touch(commit: number): void {
    if (commit === this.told) return;
    this.told = commit;
    try {
      this.descriptor ??= openSync(this.path, "w", 0o600);
      writeSync(this.descriptor, "x", 0);
    } catch {
      // A full disk or a directory that went away: the work is stored, and is found by looking.
    }
  }

  watch(wake: () => void): void {
    try {
      closeSync(openSync(this.path, "a", 0o600));
      this.watcher = watch(this.path, { persistent: false }, wake);
      this.watcher.on("error", () => this.watcher?.close());
    } catch {
      // No more watches to be had: as above.
    }
  }

  close(): void {
    this.watcher?.close();
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }
}
