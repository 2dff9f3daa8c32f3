import { createRedactor } from "@throughline/redaction";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { ValueRedactor } from "../ingest-redaction.ts";
import type { SpanRecord } from "../model.ts";
import { encodeBatch } from "./batch-encoding.ts";
import type { Files } from "./files.ts";
import type { Durability } from "./live-head.ts";
import type { HeadSize } from "./head/layout.ts";
import type { StoreLog } from "./log.ts";
import { TraceStore } from "./store.ts";

/** Stores for tests, in directories of their own that go when the test ends. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-store-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Keeps what was logged. */
export class MemoryLog implements StoreLog {
  readonly lines: { level: string; fields: object; message: string }[] = [];

  info(fields: object, message: string): void {
    this.lines.push({ level: "info", fields, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: "warn", fields, message });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: "error", fields, message });
  }
}

export interface StoreParts {
  directory?: string;
  durability?: Durability;
  retentionMs?: number;
  maxBytes?: number;
  headSize?: HeadSize;
  files?: Files;
  nowMs?: () => number;
  log?: StoreLog;
}

export const smallHead: HeadSize = { rows: 1_000, items: 20_000, bytes: 1_000_000 };

/** Opens a store that is closed when the test ends. */
export async function openStore(parts: StoreParts = {}): Promise<TraceStore> {
  const store = await newStore(parts);
  onTestFinished(() => store.close());
  return store;
}

/** Opens a store that its caller closes: for a test that opens thousands. */
export async function newStore(parts: StoreParts): Promise<TraceStore> {
  const { directory, durability, retentionMs, maxBytes, headSize, files, nowMs, log } = parts;
  return new TraceStore(
    {
      directory: directory ?? (await temporaryDirectory()),
      durability: durability ?? "fsync",
      retentionMs: retentionMs ?? 3_600_000,
      maxBytes,
      idleMs: 5_000,
      roomWithinMs: 2,
      headSize: headSize ?? smallHead,
    },
    {
      cleaner: new ValueRedactor(createRedactor()),
      log: log ?? new MemoryLog(),
      ...(nowMs === undefined ? {} : { nowMs }),
      ...(files === undefined ? {} : { files }),
    },
  );
}

/** Stores spans as a request does. */
export async function store(into: TraceStore, ...spans: SpanRecord[]): Promise<void> {
  await into.heads.append(encodeBatch(spans));
}
