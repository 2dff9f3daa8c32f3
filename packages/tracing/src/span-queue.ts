import { TraceFlags } from "@opentelemetry/api";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { Destination, SendOutcome } from "./destination.ts";
import type { KeptReason, SpanBatch } from "./encode/span-batch.ts";
import type { TracingLogger } from "./logger.ts";
import { SpanCounters } from "./span-counters.ts";

export interface QueueOptions {
  /** Spans that wait at most, those of the batch under way not counted. */
  maxQueueSize: number;
  maxExportBatchSize: number;
  /** Milliseconds that a span waits for others at most. */
  scheduleDelayMs: number;
  /** Milliseconds for one batch, retries included; 0: no limit. */
  exportTimeoutMs: number;
  whenFull: "drop_newest" | "drop_oldest";
}

/** Sampled or not, what a span is worth to the queue. */
export interface SpanSink {
  /** A span that ended, or one that is kept although it was not sampled. */
  take(span: ReadableSpan, kept?: KeptReason): void;
}

/** Larger requests are refused by receivers with the usual limit of 4 MiB; a span alone may still be larger. */
const batchLimitBytes = 3 * 1024 * 1024;
/** Without a loss for so long, the receiver is told to be back. */
const calmMs = 1_000;
/** However large the spans are, what waits takes no more memory than this. */
const queueLimitBytes = 64 * 1024 * 1024;

/**
 * A bounded queue of encoded spans before a destination. It never waits and never throws: a span that cannot be encoded or for which
 * there is no room is dropped and counted; the first is told, and the recovery.
 */
export class SpanQueue<B extends SpanBatch> implements SpanProcessor, SpanSink {
  readonly counters = new SpanCounters();
  private readonly destination: Destination<B>;
  private readonly options: QueueOptions;
  private readonly isSlow: (traceId: string) => boolean;
  private readonly logger: TracingLogger;
  /** Full batches, oldest first. */
  private readonly full: B[] = [];
  private open: B;
  /** Spans in `full` and `open`. */
  private waiting = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly sending = new Set<Promise<void>>();
  private losing = false;
  private lostAtMs = 0;
  private stopped = false;

  constructor(
    destination: Destination<B>,
    options: QueueOptions,
    isSlow: (traceId: string) => boolean,
    logger: TracingLogger,
  ) {
    this.destination = destination;
    this.options = options;
    this.isSlow = isSlow;
    this.logger = logger;
    this.open = destination.newBatch();
    destination.onLateOutcome?.((outcome, count) => this.settle(outcome, count));
  }

  /** Spans that wait. */
  get size(): number {
    return this.waiting;
  }

  get capacity(): number {
    return this.options.maxQueueSize;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.take(span);
  }

  take(span: ReadableSpan, kept?: KeptReason): void {
    const { counters, options } = this;
    counters.ended++;
    if (this.stopped) {
      counters.dropped.after_shutdown++;
      return;
    }
    if (this.waiting >= options.maxQueueSize && !this.makeRoom()) return;
    try {
      this.open.add(span, this.isSlow(span.spanContext().traceId), kept);
    } catch (error) {
      this.lost("not_encodable", 1, `a span could not be encoded: ${String(error).slice(0, 200)}`);
      return;
    }
    this.waiting++;
    if (this.open.count >= options.maxExportBatchSize || this.open.bytes >= batchLimitBytes) this.seal();
    else this.timer ??= setTimeout(() => this.seal(), options.scheduleDelayMs).unref();
  }

  async forceFlush(): Promise<void> {
    this.seal();
    while (this.sending.size > 0) await Promise.all(this.sending);
  }

  /** Sends what is queued, then lets go of the destination. To be bounded by the caller. */
  async shutdown(): Promise<void> {
    await this.forceFlush();
    this.stopped = true;
    await this.destination.close();
  }

  /** Ends at once: what still waits is dropped and counted. */
  async abort(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const left = this.waiting;
    this.waiting = 0;
    this.full.length = 0;
    this.open = this.destination.newBatch();
    if (left > 0) this.lost("shut_down", left, "the process ended before they were sent");
    await this.destination.close();
  }

  /** Says whether there is room now. */
  private makeRoom(): boolean {
    if (this.options.whenFull === "drop_newest") {
      this.lost("queue_full", 1, "the export queue is full");
      return false;
    }
    const oldest = this.full[0] ?? this.open;
    oldest.dropOldest();
    this.waiting--;
    if (oldest.count === 0 && oldest !== this.open) this.full.shift();
    this.lost("queue_full", 1, "the export queue is full");
    return true;
  }

  private seal(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.open.count > 0) {
      this.full.push(this.open);
      this.open = this.destination.newBatch();
      this.boundMemory();
    }
    this.startSending();
  }

  private boundMemory(): void {
    let bytes = this.full.reduce((sum, batch) => sum + batch.bytes, 0);
    while (bytes > queueLimitBytes && this.full.length > 1) {
      const victim = this.options.whenFull === "drop_newest" ? this.full.pop() : this.full.shift();
      if (victim === undefined) return;
      bytes -= victim.bytes;
      this.waiting -= victim.count;
      this.lost("queue_full", victim.count, `the spans that wait take over ${queueLimitBytes} bytes`);
    }
  }

  /** Requests go side by side as far as the destination takes them: one slow answer does not hold up the rest. */
  private startSending(): void {
    while (this.sending.size < this.destination.parallel) {
      const batch = this.full.shift();
      if (batch === undefined) return;
      this.waiting -= batch.count;
      const sending = this.send(batch).finally(() => {
        this.sending.delete(sending);
        this.startSending();
      });
      this.sending.add(sending);
    }
  }

  private async send(batch: B): Promise<void> {
    const { count } = batch;
    this.counters.inFlight += count;
    const started = performance.now();
    const outcome = await this.destination.send(batch, this.deadline(), this.isSlow).catch(failed);
    this.counters.inFlight -= count;
    this.counters.operation((performance.now() - started) / 1_000, outcome.kind === "taken");
    this.settle(outcome, count);
  }

  private settle(outcome: SendOutcome, count: number): void {
    switch (outcome.kind) {
      case "taken": {
        const taken = Math.max(0, count - outcome.rejected);
        this.counters.exported += taken;
        if (outcome.rejected > 0)
          this.lost("rejected", count - taken, `the backend refused ${count - taken}: ${outcome.message}`);
        else this.recovered();
        return;
      }
      case "spilled":
        this.counters.spilled += count;
        return;
      case "spill_full":
        this.lost("spill_full", count, "the spill file is full");
        return;
      case "spill_failed":
      case "refused":
      case "unreachable":
        this.lost(outcome.kind, count, outcome.reason);
    }
  }

  private deadline(): number {
    const { exportTimeoutMs } = this.options;
    return exportTimeoutMs === 0 ? Number.POSITIVE_INFINITY : Date.now() + exportTimeoutMs;
  }

  private recovered(): void {
    // A queue at its limit loses a few spans now and then: that is one story, not many.
    if (!this.losing || performance.now() - this.lostAtMs < calmMs) return;
    this.losing = false;
    this.logger.info({ spans_dropped: this.counters.droppedInAll() }, "the trace backend takes spans again");
  }

  private lost(why: keyof SpanCounters["dropped"], count: number, reason: string): void {
    this.counters.dropped[why] += count;
    this.lostAtMs = performance.now();
    if (this.losing) return;
    this.losing = true;
    this.logger.warn({ reason, cause: why }, "spans are dropped; work goes on untraced");
  }
}

function failed(error: unknown): SendOutcome {
  return { kind: "refused", reason: String(error).slice(0, 200) };
}
