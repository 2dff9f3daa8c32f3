import type { Origin, SpanEncoding } from "../sink.ts";
import type { SearchAnswer, SpanReader } from "../query/reader.ts";
import type { PackedTraces } from "./span-transfer.ts";
import type { Durability, SealableHead, SharedHead } from "../store/live-head.ts";
import type { BlockView } from "../store/keeper.ts";
import type { BlockEntry, Manifest } from "../store/manifest.ts";
import type { Usage } from "../store/usage.ts";
import type { StoreView } from "../store/search/segment-set.ts";

/** Rules beside the built-in ones, as JSON, and the key of keyed tokens. */
export interface RedactionSettings {
  rules: string | undefined;
  hmacKey: string | undefined;
}

export interface IngestThreadConfig {
  directory: string;
  durability: Durability;
  maxAgeMs: number;
  idleMs: number;
  redaction: RedactionSettings | undefined;
  nextId: number;
  /** To be read back first. */
  logs: readonly number[];
  /** Where requests lie (`request-memory.ts`). */
  memory: SharedArrayBuffer;
}

export type IngestCall =
  | { kind: "replay" }
  | { kind: "append-shared"; byteOffset: number; length: number; encoding: SpanEncoding; from: Origin }
  | { kind: "append"; bytes: Uint8Array<ArrayBuffer>; encoding: SpanEncoding; from: Origin }
  | { kind: "health" }
  /** Gives the present head away, whatever is in it. */
  | { kind: "seal" }
  | { kind: "stop" };

export type IngestNotice = { release: number };

export interface IngestStats {
  heads: number;
  rows: number;
  logBytes: number;
}

export type IngestEvent =
  | { kind: "opened"; head: SharedHead }
  | { kind: "dropped"; id: number }
  | { kind: "sealable"; head: SealableHead }
  | { kind: "stats"; stats: IngestStats };

export interface KeeperThreadConfig {
  directory: string;
  retentionMs: number;
  maxBytes: number | undefined;
  manifest: Manifest;
}

export type KeeperCall =
  | { kind: "seal"; head: SealableHead }
  | { kind: "retain"; olderThanMs: number }
  | { kind: "pin"; traceId: string }
  | { kind: "unpin"; traceId: string }
  | { kind: "erase"; attributes: readonly (readonly [key: string, text: string])[] }
  | { kind: "check" }
  | { kind: "status" }
  | { kind: "stop" };

export type KeeperNotice = { setAside: number; reason: string };

export type KeeperEvent = { view: BlockView };

export interface KeeperStatus {
  blocks: readonly BlockEntry[];
  usage: Usage;
  pins: readonly string[];
  damaged: readonly string[];
}

/** To the thread that redacts what goes to a storage elsewhere. */
export type CleanCall =
  | { kind: "clean"; bytes: Uint8Array<ArrayBuffer>; encoding: SpanEncoding; from: Origin }
  /** How many values were dropped because a rule failed on them. */
  | { kind: "failures" };

export interface QueryThreadConfig {
  directory: string;
  limitMs: number;
}

export type ReadCall = {
  [Method in keyof SpanReader]-?: { method: Method; args: Parameters<NonNullable<SpanReader[Method]>> };
}[keyof SpanReader];

/** What `traces` and `search` answer. */
export interface PackedAnswer {
  spans: PackedTraces;
  next: SearchAnswer["next"];
}

/** `number`: for a notice that the asker has gone. */
export type QueryCall = {
  read: ReadCall;
  number: number;
  /** Whose the asker is; undefined: it may see everything. */
  tenant: string | undefined;
};

export type QueryNotice = { view: StoreView; version: number } | { cancel: number };

/** `seen`: no query reads anything older any more. */
export type QueryEvent = { seen: number } | { failed: number; isDamage: boolean; reason: string };

export interface EngineConfig {
  directory: string;
  durability: Durability;
  retentionMs: number;
  maxBytes?: number | undefined;
  redaction?: RedactionSettings | undefined;
}
