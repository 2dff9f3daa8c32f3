import { ThroughlineError } from "@throughline/api";
import { readFileSync, statSync } from "node:fs";
import type { z } from "zod";
import { writeJsonFile } from "./data-directory.ts";

/** So long another process may not know of a change. */
const rereadMs = 1_000;

/** A small file of the data directory (0600) that several processes read and write: read again when it changed, at most each second. */
export class JsonFile<T> {
  readonly path: string;
  private readonly schema: z.ZodType<T>;
  private readonly what: string;
  private readonly empty: T;
  private readonly nowMs: () => number;
  private content: T;
  private readAtMs = Number.NEGATIVE_INFINITY;
  private changed = "";

  /** `what`: what the file is called where it cannot be read; `empty`: its content while there is none. */
  constructor(file: {
    path: string;
    schema: z.ZodType<T>;
    what: string;
    empty: T;
    nowMs?: (() => number) | undefined;
  }) {
    this.path = file.path;
    this.schema = file.schema;
    this.what = file.what;
    this.empty = file.empty;
    this.content = file.empty;
    this.nowMs = file.nowMs ?? Date.now;
  }

  /** As it was within the last second. Throws TL_DATA_DIRECTORY_UNUSABLE. */
  recent(): T {
    if (this.nowMs() - this.readAtMs >= rereadMs) this.reread();
    return this.content;
  }

  /** As it is. Throws TL_DATA_DIRECTORY_UNUSABLE. */
  current(): T {
    this.reread();
    return this.content;
  }

  write(content: T): void {
    writeJsonFile(this.path, content);
    this.content = content;
    this.changed = this.stamp();
  }

  private reread(): void {
    this.readAtMs = this.nowMs();
    const changed = this.stamp();
    if (changed === this.changed) return;
    this.content = changed === "" ? this.empty : this.read();
    this.changed = changed;
  }

  /** Two changes within a millisecond differ in the inode: the file is always replaced. */
  private stamp(): string {
    const stat = statSync(this.path, { throwIfNoEntry: false });
    return stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs} ${stat.size}`;
  }

  private read(): T {
    try {
      return this.schema.parse(JSON.parse(readFileSync(this.path, "utf8")));
    } catch (cause) {
      throw new ThroughlineError(
        "TL_DATA_DIRECTORY_UNUSABLE",
        `${this.path} is no ${this.what} of this version.`,
        { cause },
      );
    }
  }
}
