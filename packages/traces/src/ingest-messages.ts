import type { ErrorCode } from "@throughline/api/errors";
import type { SpanEncoding } from "./receive/sink.ts";
import type { ReadCall } from "./store/reader-messages.ts";
import type { StoreStats, TraceStoreConfig } from "./store/store.ts";

/** Rules beside the built-in ones, as JSON, and the key of keyed tokens. */
export interface RedactionSettings {
  rules: string | undefined;
  hmacKey: string | undefined;
}

/** What the ingest thread is started with. */
export interface IngestThreadConfig extends TraceStoreConfig {
  redaction?: RedactionSettings | undefined;
}

/** Main thread -> ingest thread. Each gets one reply with its `id`. */
export type IngestRequest = { id: number } & (
  | { kind: "append"; bytes: Uint8Array<ArrayBuffer>; encoding: SpanEncoding }
  | { kind: "read"; call: ReadCall }
  | { kind: "health" }
  | { kind: "stop" }
);

/** Ingest thread -> main thread. */
export type IngestReply =
  | { kind: "reply"; id: number; value: unknown }
  | { kind: "failure"; id: number; code: ErrorCode; message: string }
  /** The store is open; sent once, or `failed` and the thread ends. */
  | { kind: "ready" }
  | { kind: "failed"; code: ErrorCode; message: string }
  | { kind: "stats"; stats: StoreStats }
  | { kind: "log"; level: "info" | "warn" | "error"; fields: object; message: string };
