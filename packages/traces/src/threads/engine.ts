import type { EraseReport } from "@throughline/api";
import type { Logger } from "pino";
import { setTimeout as sleep } from "node:timers/promises";
import type { SpanReader } from "../query/reader.ts";
import { anySender, type AppendOutcome, type Origin, type SpanEncoding, type SpanSink } from "../sink.ts";
import type { BlockView } from "../store/keeper.ts";
import type { SharedHead } from "../store/live-head.ts";
import type { EngineConfig, IngestEvent, IngestStats, KeeperStatus } from "./messages.ts";
import { QueryPool } from "./query-pool.ts";
import { RequestMemory } from "./request-memory.ts";
import { within } from "./thread-client.ts";
import { endWriters, startWriters, type Writers } from "./writers.ts";

export interface EngineStats extends IngestStats {
  blocks: number;
  blockBytes: number;
  blockSpans: number;
}

const stopWithinMs = 5_000;
const healthWithinMs = 2_000;
const queryLimitMs = 30_000;
/** Requests beyond it take memory of their own. Only what is used is taken from the system. */
const requestMemoryBytes = 64 * 1024 * 1024;
/** A thread that has ended is started again after so long, twice as long each time, at most. */
const restartFirstMs = 100;
const restartAtMostMs = 30_000;

/**
 * The store of a running backend: the ingest thread fills heads and their log, the keeper thread makes blocks of them, query threads read
 * both. Messages between them go through here, so that their order is one: a query that is asked after an acknowledgement sees its spans.
 */
export class Engine implements SpanSink {
  readonly reader: SpanReader;
  private readonly config: EngineConfig;
  private readonly logger: Logger;
  private writers: Writers;
  /** The log was read back. */
  private isOpen = false;
  private readonly queries: QueryPool;
  private readonly memory = new RequestMemory(requestMemoryBytes);
  private readonly heads = new Map<number, SharedHead>();
  private blocks: BlockView = { blocks: [], removed: null };
  private ingestStats: IngestStats = { heads: 0, rows: 0, logBytes: 0 };
  private waitingForSeal: (() => void)[] = [];
  /** Heads that became blocks, and from which version on nobody is told of them. */
  private readonly release: { version: number; id: number }[] = [];
  private recovery: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  private constructor(config: EngineConfig, logger: Logger) {
    this.config = config;
    this.logger = logger;
    const { directory } = config;
    this.queries = new QueryPool({ directory, limitMs: queryLimitMs }, logger, {
      seen: () => this.releaseSeen(),
      failed: (block, isDamage, reason) => {
        if (isDamage) this.writers.keeper.tell({ setAside: block, reason });
        else logger.error({ block, reason }, "a block cannot be read");
      },
    });
    this.reader = this.queries.reader;
    this.writers = this.openWriters();
  }

  /** Resolves when what is in the log can be read. Errors as openDirectory. */
  static async start(config: EngineConfig, logger: Logger): Promise<Engine> {
    const engine = new Engine(config, logger);
    try {
      await engine.writers.ingest.ask({ kind: "replay" });
      engine.isOpen = true;
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
      return (await this.writers.ingest.ask({ kind: "append", bytes, encoding, from }, [
        bytes.buffer,
      ])) as AppendOutcome;
    }
    try {
      const { byteOffset } = copyTo(lease.bytes, pieces);
      return (await this.writers.ingest.ask({
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
      blockSpans: this.blocks.blocks.reduce((sum, { rows }) => sum + rows, 0),
    };
  }

  /** What retention deleted last; null where it never did. */
  removed(): BlockView["removed"] {
    return this.blocks.removed;
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    try {
      const answer = await within(healthWithinMs, this.writers.ingest.ask({ kind: "health" }));
      const { failure, redactionFailures, stats } = answer as {
        failure?: string;
        redactionFailures: number;
        stats: IngestStats;
      };
      this.ingestStats = stats;
      if (failure !== undefined) return { ok: false, detail: failure };
      if (!this.writers.keeper.isRunning)
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
    return (await this.writers.keeper.ask({ kind: "status" })) as KeeperStatus;
  }

  /** Deletes, now, what was received longer ago. */
  async clean(olderThanMs: number): Promise<void> {
    await this.seal();
    this.setBlocks((await this.writers.keeper.ask({ kind: "retain", olderThanMs })) as BlockView);
  }

  async pin(traceId: string): Promise<void> {
    await this.writers.keeper.ask({ kind: "pin", traceId });
  }

  async unpin(traceId: string): Promise<void> {
    await this.writers.keeper.ask({ kind: "unpin", traceId });
  }

  /** Deletes every trace whose spans, stored until now, have all these attributes. */
  async erase(attributes: readonly (readonly [key: string, text: string])[]): Promise<EraseReport> {
    await this.seal();
    return (await this.writers.keeper.ask({ kind: "erase", attributes })) as EraseReport;
  }

  async check(): Promise<{ blocks: number; damaged: { file: string; reason: string }[] }> {
    return (await this.writers.keeper.ask({ kind: "check" })) as Awaited<ReturnType<Engine["check"]>>;
  }

  /** Everything appended before is stored and answered first. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.recovery;
    try {
      await this.writers.ingest.stop({ kind: "stop" }, stopWithinMs);
    } finally {
      await this.writers.keeper.stop({ kind: "stop" }, stopWithinMs).catch(() => undefined);
      await this.queries.stop();
      this.writers.lock.release();
    }
  }

  private openWriters(): Writers {
    const writers = startWriters(this.config, this.memory.buffer, this.logger, {
      ingest: (event) => this.hearIngest(event),
      blocks: (view) => this.setBlocks(view),
      ended: () => {
        if (writers === this.writers && this.isOpen && !this.stopping.signal.aborted)
          this.recovery ??= this.recover();
      },
    });
    this.setBlocks(writers.blocks);
    return writers;
  }

  /**
   * One of the two threads that write has ended: both are started again, as a start of the process does it. Nothing acknowledged is lost; what
   * is in memory cannot be searched until the log is read back.
   */
  private async recover(): Promise<void> {
    this.isOpen = false;
    const { signal } = this.stopping;
    await endWriters(this.writers);
    for (let waitMs = restartFirstMs; !signal.aborted; waitMs = Math.min(waitMs * 2, restartAtMostMs)) {
      try {
        await sleep(waitMs, undefined, { signal });
        this.heads.clear();
        this.release.length = 0;
        this.writers = this.openWriters();
        await this.writers.ingest.ask({ kind: "replay" });
        if (!this.writers.keeper.isRunning) throw new Error("the keeper thread has ended");
        this.isOpen = true;
        this.recovery = undefined;
        this.logger.info({}, "the threads of the trace store were started again");
        return;
      } catch (err) {
        if (signal.aborted) return;
        this.logger.error(
          { err },
          "the threads of the trace store could not be started again; it is tried again",
        );
        await endWriters(this.writers);
      }
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
        this.writers.keeper.ask({ kind: "seal", head: event.head }).then(
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
      this.writers.ingest.tell({ release: one.id });
    }
  }

  /** Makes all that was stored before to blocks. */
  async seal(): Promise<void> {
    const open = new Set((await this.writers.ingest.ask({ kind: "seal" })) as number[]);
    while (
      [...this.heads.keys()].some((id) => open.has(id)) &&
      !this.stopping.signal.aborted &&
      this.writers.keeper.isRunning
    ) {
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
