import { setTimeout as sleep } from "node:timers/promises";
import type { Destination, SendOutcome } from "./destination.ts";
import type { SpanBatch } from "./encode/span-batch.ts";
import type { SpillFile } from "./export/spill-file.ts";
import type { OtlpTransport } from "./export/transport.ts";

/** A batch that becomes one request. */
interface RequestBatch extends SpanBatch {
  /** Called once. The bytes may be used again after `recycle`. */
  body(isSlow: (traceId: string) => boolean): Uint8Array;
  recycle?(): void;
}

/** Batches as OTLP requests, one at a time. */
export class OtlpDestination<B extends RequestBatch> implements Destination<B> {
  readonly parallel = 4;
  readonly newBatch: () => B;
  private readonly transport: OtlpTransport;

  constructor(newBatch: () => B, transport: OtlpTransport) {
    this.newBatch = newBatch;
    this.transport = transport;
  }

  async send(batch: B, deadlineMs: number, isSlow: (traceId: string) => boolean): Promise<SendOutcome> {
    const outcome = await this.transport.send(batch.body(isSlow), deadlineMs);
    // An answer means that all was read. A request that was given up may still leave: its bytes are not touched.
    if (outcome.kind === "taken") batch.recycle?.();
    return outcome;
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}

/** With a spill file, a batch is given up for the file after this long, so that the queue stays short. */
const patienceMs = 2_000;
const probePauseMs = 1_000;

/**
 * OTLP with a file behind it: while the receiver is away, batches wait there and are sent later, oldest first. Whatever is in the file
 * goes before anything newer.
 */
export class SpillingDestination<B extends RequestBatch> implements Destination<B> {
  /** In order. */
  readonly parallel = 1;
  readonly newBatch: () => B;
  private readonly transport: OtlpTransport;
  private readonly file: SpillFile;
  private readonly stop = new AbortController();
  private draining: Promise<void> | undefined;
  /** Reported so far. */
  private damagedSpans = 0;
  private report: (outcome: SendOutcome, count: number) => void = () => {};

  constructor(newBatch: () => B, transport: OtlpTransport, file: SpillFile) {
    this.newBatch = newBatch;
    this.transport = transport;
    this.file = file;
  }

  onLateOutcome(report: (outcome: SendOutcome, count: number) => void): void {
    this.report = report;
    // What an earlier process left behind.
    if (this.file.spans > 0) this.drain();
  }

  async send(batch: B, deadlineMs: number, isSlow: (traceId: string) => boolean): Promise<SendOutcome> {
    const body = batch.body(isSlow);
    if (this.file.spans === 0) {
      const outcome = await this.transport.send(body, Math.min(deadlineMs, Date.now() + patienceMs));
      if (outcome.kind === "taken") batch.recycle?.();
      if (outcome.kind !== "unreachable") return outcome;
    }
    try {
      const { droppedSpans } = await this.file.append(body, batch.count);
      if (droppedSpans > 0) this.report({ kind: "spill_full" }, droppedSpans);
    } catch (error) {
      return { kind: "spill_failed", reason: String(error) };
    }
    this.drain();
    return { kind: "spilled" };
  }

  private reportDamage(): void {
    const lost = this.file.damagedSpans - this.damagedSpans;
    this.damagedSpans += lost;
    if (lost > 0)
      this.report({ kind: "spill_failed", reason: "records of the spill file were damaged" }, lost);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.transport.close();
    await this.draining;
    await this.file.close();
  }

  /** A disk that fails is tried again with the next batch. */
  private drain(): void {
    this.draining ??= this.sendSpilled()
      .catch((error: unknown) => this.report({ kind: "spill_failed", reason: String(error) }, 0))
      .finally(() => (this.draining = undefined));
  }

  private async sendSpilled(): Promise<void> {
    while (!this.stop.signal.aborted) {
      const next = await this.file.peek();
      this.reportDamage();
      if (next === undefined) return;
      const outcome = await this.transport.send(next.body, Date.now() + patienceMs);
      if (outcome.kind === "unreachable") {
        await sleep(probePauseMs, undefined, { signal: this.stop.signal, ref: false }).catch(() => undefined);
        continue;
      }
      // Dropped for want of room meanwhile: counted then.
      if (await this.file.shift()) this.report(outcome, next.spans);
    }
  }
}
