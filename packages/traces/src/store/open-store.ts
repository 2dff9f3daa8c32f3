import { createRedactor } from "@throughline/redaction";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { BatchRedactor, RedactedBatch } from "../ingest-redaction.ts";
import type { SpanRecord } from "../model.ts";
import type { StoreLog } from "./log.ts";
import { defaultStoreLimits, type StoreLimits, TraceStore } from "./store.ts";
import type { Durability } from "./wal.ts";

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
  limits?: Partial<StoreLimits>;
  nowMs?: () => number;
  log?: StoreLog;
}

/** Opens a store that is closed when the test ends. */
export async function openStore(parts: StoreParts = {}): Promise<TraceStore> {
  const store = await TraceStore.open(
    {
      directory: parts.directory ?? (await temporaryDirectory()),
      durability: parts.durability ?? "fsync",
      retentionMs: parts.retentionMs ?? 3_600_000,
      limits: { ...defaultStoreLimits, ...parts.limits },
    },
    parts.nowMs ?? Date.now,
    parts.log ?? new MemoryLog(),
  );
  onTestFinished(() => store.close());
  return store;
}

export function batchOf(...spans: SpanRecord[]): RedactedBatch {
  return RedactedBatch.redact(spans, new BatchRedactor(createRedactor()));
}
