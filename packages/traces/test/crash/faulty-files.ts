import {
  closeSync,
  copyFileSync,
  existsSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type Files, type LogFile, systemFiles } from "../../src/store/files.ts";

class PowerLossError extends Error {
  override readonly name = "PowerLossError";
}

/** What a step is to do instead of its work: fail with the system's error, write only a part and fail, or lose the power. */
export type Fault = "ENOSPC" | "EIO" | "short write" | "power loss";

interface Undo {
  label: string;
  undo: () => void;
}

interface OpenLog {
  descriptor: number;
  length: number;
  synced: number;
}

/**
 * The file system of a machine that fails at a given step. After a loss of power what was not synced is gone, all of it or a part: bytes
 * of a log behind the last sync, and new, renamed and removed names since the directory was synced. Nothing is synced in truth: the power
 * fails in here only.
 */
export class FaultyFiles implements Files {
  readonly steps: string[] = [];
  isDead = false;
  private readonly faultAt: (step: number, label: string) => Fault | undefined;
  private readonly random: (limit: number) => number;
  private readonly shadow: string;
  private readonly logs = new Set<OpenLog>();
  private journal: Undo[] = [];
  private shadows = 0;

  /** `shadow`: an empty directory, for what may come back. */
  constructor(
    shadow: string,
    random: (limit: number) => number,
    faultAt: (step: number, label: string) => Fault | undefined,
  ) {
    this.shadow = shadow;
    this.random = random;
    this.faultAt = faultAt;
  }

  read(path: string): Buffer {
    this.alive();
    return systemFiles.read(path);
  }

  list(directory: string): string[] {
    this.alive();
    return systemFiles.list(directory);
  }

  size(path: string): number {
    this.alive();
    return systemFiles.size(path);
  }

  makeDirectory(path: string): void {
    this.alive();
    systemFiles.makeDirectory(path);
  }

  write(path: string, chunks: readonly Uint8Array[]): void {
    const isNew = !existsSync(path);
    const cut = (): void => {
      const whole = Buffer.concat(chunks);
      writeFileSync(path, whole.subarray(0, this.random(whole.length)), { mode: 0o600 });
    };
    this.step(
      `write ${kindOf(path)}`,
      () => writeFileSync(path, Buffer.concat(chunks), { mode: 0o600 }),
      cut,
    );
    if (isNew) this.journal.push({ label: "write", undo: () => rmSync(path, { force: true }) });
  }

  rename(from: string, to: string): void {
    const before = existsSync(to) ? this.shadowPath() : undefined;
    if (before !== undefined) copyFileSync(to, before);
    this.step(`rename ${kindOf(from)}`, () => systemFiles.rename(from, to));
    this.journal.push({
      label: "rename",
      undo: () => {
        renameSync(to, from);
        if (before !== undefined) renameSync(before, to);
      },
    });
  }

  remove(path: string): void {
    if (!existsSync(path)) return;
    const kept = this.shadowPath();
    this.step(`remove ${kindOf(path)}`, () => renameSync(path, kept));
    this.journal.push({ label: "remove", undo: () => renameSync(kept, path) });
  }

  syncDirectory(): void {
    this.step("sync directory", () => undefined);
    this.journal = [];
  }

  createLog(path: string): LogFile {
    let descriptor = -1;
    this.step("create log", () => {
      descriptor = openSync(path, "wx", 0o600);
    });
    const log = { descriptor, length: 0, synced: 0 };
    this.logs.add(log);
    this.journal.push({ label: "create log", undo: () => rmSync(path, { force: true }) });
    const put = (bytes: Uint8Array, position: number): void => {
      writeSync(descriptor, bytes, 0, bytes.length, position);
      log.length = Math.max(log.length, position + bytes.length);
    };
    return {
      write: (bytes, position) => {
        const cut = (): void => put(bytes.subarray(0, this.random(bytes.length)), position);
        this.step("append", () => put(bytes, position), cut);
      },
      sync: () => {
        this.step("sync log", () => undefined);
        log.synced = log.length;
      },
      truncate: (length) => {
        this.step("truncate log", () => ftruncateSync(descriptor, length));
        log.length = log.synced = length;
      },
      close: () => {
        this.alive();
        if (this.logs.delete(log)) closeSync(descriptor);
      },
    };
  }

  private alive(): void {
    if (this.isDead) throw new PowerLossError();
  }

  private step(label: string, work: () => void, cut?: () => void): void {
    this.alive();
    this.steps.push(label);
    const fault = this.faultAt(this.steps.length, label);
    if (fault === undefined) {
      work();
      return;
    }
    if (fault === "power loss") {
      const done = this.random(4);
      if (done < 2) work();
      if (done === 2) cut?.();
      this.losePower();
      throw new PowerLossError(label);
    }
    if (fault === "short write") cut?.();
    const code = fault === "short write" ? "ENOSPC" : fault;
    throw Object.assign(new Error(`${code}: ${label}`), { code });
  }

  private losePower(): void {
    this.isDead = true;
    for (const { descriptor, length, synced } of this.logs) {
      if (length > synced) ftruncateSync(descriptor, synced + this.random(length - synced + 1));
      closeSync(descriptor);
    }
    // Names reach the disk in order, but how far is not known.
    const kept = this.random(this.journal.length + 1);
    for (const { undo } of this.journal.slice(kept).toReversed()) undo();
  }

  private shadowPath(): string {
    return join(this.shadow, String(this.shadows++));
  }
}

function kindOf(path: string): string {
  return /manifest/.test(path) ? "manifest" : /\.wal/.test(path) ? "log" : "block";
}
