import type { Logger } from "pino";
import type { SpanReader } from "../query/reader.ts";
import { anySender, type AppendOutcome, type Origin, type SpanEncoding, type SpanSink } from "../sink.ts";
import { openDirectory } from "../store/data-directory.ts";
import { systemFiles } from "../store/files.ts";
import type { Durability, SharedHead } from "../store/live-head.ts";
import type { EraseReport } from "@throughline/api";
import type { BlockView } from "../store/keeper.ts";
import type { DirectoryLock } from "../store/lock.ts";
import { headAge } from "../store/store.ts";
import type {
  IngestCall,
  IngestEvent,
  IngestNotice,
  IngestStats,
  IngestThreadConfig,
  KeeperCall,
  KeeperEvent,
  KeeperNotice,
  KeeperStatus,
  KeeperThreadConfig,
  RedactionSettings,
} from "./messages.ts";
import { QueryPool } from "./query-pool.ts";
import { RequestMemory } from "./request-memory.ts";
import { ThreadClient, within } from "./thread-client.ts";

export interface EngineConfig {
  directory: string;
  durability: Durability;
  retentionMs: number;
  maxBytes?: number | undefined;
  redaction?: RedactionSettings | undefined;
}

export interface EngineStats extends IngestStats {
  blocks: number;
  blockBytes: number;
}

const stopWithinMs = 5_000;
const healthWithinMs = 2_000;
const queryLimitMs = 30_000;
/** Requests beyond it take memory of their own. Only what is used is taken from the system. */
const requestMemoryBytes = 64 * 1024 * 1024;
/** A head that got nothing for so long becomes a block. */
const idleMs = 4_000;

/**
 * The store of a running backend: the ingest thread fills heads and their log, the keeper thread makes blocks of them, query threads read
 * both. Messages between them go through here, so that their order is one: a query that is asked after an acknowledgement sees its spans.
 */
export class Engine implements SpanSink {
  readonly reader: SpanReader;
  private readonly lock: DirectoryLock;
  private readonly ingest: ThreadClient<IngestCall, IngestNotice, IngestEvent>;
  private readonly keeper: ThreadClient<KeeperCall, KeeperNotice, KeeperEvent>;
  private readonly queries: QueryPool;
  private readonly memory = new RequestMemory(requestMemoryBytes);
  private readonly heads = new Map<number, SharedHead>();
  private blocks: BlockView = { blocks: [], removed: null };
  private ingestStats: IngestStats = { heads: 0, rows: 0, logBytes: 0 };
  private waitingForSeal: (() => void)[] = [];
  /** Heads that became blocks, and from which version on nobody is told of them. */
  private readonly release: { version: number; id: number }[] = [];
  private isStopping = false;

  private constructor(config: EngineConfig, logger: Logger) {
    const { directory, durability, retentionMs, maxBytes, redaction } = config;
    const log = {
      info: logger.info.bind(logger),
      warn: logger.warn.bind(logger),
      error: logger.error.bind(logger),
    };
    const { lock, manifest, logs } = openDirectory(directory, systemFiles, Date.now, log);
    this.lock = lock;
    this.blocks = { blocks: manifest.blocks, removed: manifest.removed };
    this.queries = new QueryPool({ directory, limitMs: queryLimitMs }, logger, {
      seen: () => this.releaseSeen(),
      failed: (block, isDamage, reason) => {
        if (isDamage) this.keeper.tell({ setAside: block, reason });
        else logger.error({ block, reason }, "a block cannot be read");
      },
    });
    this.reader = this.queries.reader;
    this.keeper = new ThreadClient({
      name: "keeper",
      program: new URL("./keeper-thread.ts", import.meta.url),
      data: { directory, retentionMs, maxBytes, manifest } satisfies KeeperThreadConfig,
      logger,
      onEvent: ({ view }) => this.setBlocks(view),
    });
    this.ingest = new ThreadClient({
      name: "ingest",
      program: new URL("./ingest-thread.ts", import.meta.url),
      data: {
        directory,
        durability,
        redaction,
        maxAgeMs: headAge(retentionMs),
        idleMs,
        nextId: Math.max(manifest.nextId, ...logs.map((id) => id + 1)),
        logs,
        memory: this.memory.buffer,
      } satisfies IngestThreadConfig,
      logger,
      onEvent: (event) => this.hearIngest(event),
    });
    this.publish();
  }

  /** Resolves when what is in the log can be read. Errors as openDirectory. */
  static async start(config: EngineConfig, logger: Logger): Promise<Engine> {
    const engine = new Engine(config, logger);
    try {
      await engine.ingest.ask({ kind: "replay" });
      return engine;
    } catch (error) {
      await engine.stop();
      throw error;
    }
  }

  async append(
    pieces: readonly Uint8Array[],
    encoding: SpanEncoding,
    from: Origin = anySender,
  ): Promise<AppendOutcome> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const lease = this.memory.take(length);
    if (lease === undefined) {
      const bytes = copyTo(new Uint8Array(length), pieces);
      return (await this.ingest.ask({ kind: "append", bytes, encoding, from }, [
        bytes.buffer,
      ])) as AppendOutcome;
    }
    try {
      const { byteOffset } = copyTo(lease.bytes, pieces);
      return (await this.ingest.ask({
        kind: "append-shared",
        byteOffset,
        length,
        encoding,
        from,
      })) as AppendOutcome;
    } finally {
      lease.release();
    }
  }

  /** What one tenant may see. */
  readerOf(tenant: string): SpanReader {
    return this.queries.readerOf(tenant);
  }

  stats(): EngineStats {
    return {
      ...this.ingestStats,
      blocks: this.blocks.blocks.length,
      blockBytes: this.blocks.blocks.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }

  /** What retention deleted last; null where it never did. */
  removed(): BlockView["removed"] {
    return this.blocks.removed;
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    try {
      const answer = await within(healthWithinMs, this.ingest.ask({ kind: "health" }));
      const { failure, redactionFailures, stats } = answer as {
        failure?: string;
        redactionFailures: number;
        stats: IngestStats;
      };
      this.ingestStats = stats;
      if (failure !== undefined) return { ok: false, detail: failure };
      if (!this.keeper.isRunning)
        return { ok: false, detail: "the keeper thread has ended: blocks are not written" };
      if (redactionFailures === 0) return { ok: true, detail: "stores and answers" };
      return {
        ok: true,
        detail: `stores and answers; redaction failed on ${redactionFailures} values, dropped`,
      };
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  async status(): Promise<KeeperStatus> {
    return (await this.keeper.ask({ kind: "status" })) as KeeperStatus;
  }

  /** Deletes, now, what was received longer ago. */
  async clean(olderThanMs: number): Promise<void> {
    await this.seal();
    this.setBlocks((await this.keeper.ask({ kind: "retain", olderThanMs })) as BlockView);
  }

  async pin(traceId: string): Promise<void> {
    await this.keeper.ask({ kind: "pin", traceId });
  }

  async unpin(traceId: string): Promise<void> {
    await this.keeper.ask({ kind: "unpin", traceId });
  }

  /** Deletes every trace whose spans, stored until now, have all these attributes. */
  async erase(attributes: readonly (readonly [key: string, text: string])[]): Promise<EraseReport> {
    await this.seal();
    return (await this.keeper.ask({ kind: "erase", attributes })) as EraseReport;
  }

  async check(): Promise<{ blocks: number; damaged: { file: string; reason: string }[] }> {
    return (await this.keeper.ask({ kind: "check" })) as Awaited<ReturnType<Engine["check"]>>;
  }

  /** Everything appended before is stored and answered first. */
  async stop(): Promise<void> {
    this.isStopping = true;
    try {
      await this.ingest.stop({ kind: "stop" }, stopWithinMs);
    } finally {
      await this.keeper.stop({ kind: "stop" }, stopWithinMs).catch(() => undefined);
      await this.queries.stop();
      this.lock.release();
    }
  }

  private hearIngest(event: IngestEvent): void {
    switch (event.kind) {
      case "opened":
        this.heads.set(event.head.id, event.head);
        this.publish();
        break;
      case "dropped":
        this.heads.delete(event.id);
        this.publish();
        break;
      case "sealable":
        this.keeper.ask({ kind: "seal", head: event.head }).then(
          (view) => {
            this.heads.delete(event.head.id);
            this.setBlocks(view as BlockView);
            this.release.push({ version: this.queries.version, id: event.head.id });
            this.releaseSeen();
            for (const go of this.waitingForSeal.splice(0)) go();
          },
          // The thread has ended and said so: the log keeps the spans until the next start.
          () => undefined,
        );
        break;
      case "stats":
        this.ingestStats = event.stats;
        break;
    }
  }

  /** A head's memory is used again when no query reads it any more. */
  private releaseSeen(): void {
    for (const one of this.release.slice()) {
      if (this.queries.seen() < one.version) continue;
      this.release.splice(this.release.indexOf(one), 1);
      this.ingest.tell({ release: one.id });
    }
  }

  /** Makes all that was stored before to blocks. */
  async seal(): Promise<void> {
    const open = new Set((await this.ingest.ask({ kind: "seal" })) as number[]);
    while ([...this.heads.keys()].some((id) => open.has(id)) && !this.isStopping && this.keeper.isRunning) {
      await new Promise<void>((resolve) => this.waitingForSeal.push(resolve));
    }
  }

  private setBlocks(view: BlockView): void {
    this.blocks = view;
    this.publish();
  }

  private publish(): void {
    this.queries.update({ blocks: this.blocks.blocks, heads: [...this.heads.values()] });
  }
}

function copyTo<B extends Uint8Array>(bytes: B, pieces: readonly Uint8Array[]): B {
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
