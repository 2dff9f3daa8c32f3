import { type Context, trace } from "@opentelemetry/api";
import { extractCarrier, withAncestors } from "@throughline/tracing";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobResult } from "../metrics.ts";
import { type JobSource, type LeasedJob, LeaseLost } from "../queue/queue.ts";
import { ancestorsOf } from "./ancestors.ts";
import { enhance, type EnhanceDependencies, spanIdsOf } from "./enhance.ts";
import { backoffMs, isPermanent, isThrottled, throttleMs } from "./retry.ts";

export interface WorkerOptions {
  /** Jobs at the same time. */
  concurrency: number;
  /** A job that runs longer is cancelled, milliseconds. */
  jobLimitMs: number;
  /** How often the queue is looked at when nobody wakes the worker, milliseconds. */
  pollMs: number;
}

export const workerDefaults: WorkerOptions = { concurrency: 4, jobLimitMs: 120_000, pollMs: 200 };
const heartbeatMs = 10_000;

export type JobObserver = (result: JobResult) => void;

/** Takes jobs as places get free, and ends each one: complete, later again, or dead. */
export class Worker {
  private readonly deps: EnhanceDependencies;
  private readonly queue: JobSource;
  private readonly options: WorkerOptions;
  private readonly observe: JobObserver;
  private readonly running = new Map<string, Promise<void>>();
  /** Ends the taking of jobs. */
  private readonly drain = new AbortController();
  /** Ends the jobs under way. */
  private readonly abandon = new AbortController();
  private nap = new AbortController();
  private loop: Promise<void> = Promise.resolve();
  private heart: NodeJS.Timeout | undefined;
  private queueFailing = false;

  constructor(deps: EnhanceDependencies, options: WorkerOptions, observe: JobObserver) {
    this.deps = deps;
    this.queue = deps.queue;
    this.options = options;
    this.observe = observe;
  }

  start(): void {
    this.queue.onWork(() => this.nap.abort());
    this.heart = setInterval(() => void this.beat(), heartbeatMs);
    this.loop = this.run();
  }

  get active(): number {
    return this.running.size;
  }

  /** Takes no more, waits `graceMs` for what is under way, then cancels it: cancelled jobs go back to the queue. */
  async stop(graceMs: number): Promise<void> {
    this.drain.abort();
    this.nap.abort();
    await this.loop;
    const timer = setTimeout(() => this.abandon.abort(new WorkerStopping()), graceMs);
    await Promise.all(this.running.values());
    clearTimeout(timer);
    clearInterval(this.heart);
  }

  private async run(): Promise<void> {
    while (!this.drain.signal.aborted) {
      this.nap = new AbortController();
      const taken = await this.takeFree();
      if (taken === 0) await this.rest();
    }
  }

  private async takeFree(): Promise<number> {
    const free = this.options.concurrency - this.running.size;
    if (free === 0) return 0;
    try {
      const jobs = await this.queue.take(free);
      this.queueFailing = false;
      for (const job of jobs) this.begin(job);
      return jobs.length;
    } catch (error) {
      if (!this.queueFailing) this.deps.logger.error({ err: error }, "the queue cannot be read; trying on");
      this.queueFailing = true;
      return 0;
    }
  }

  /** A process that was suspended past its leases may get back a job that it still has in hand: one end before the next begins. */
  private begin(job: LeasedJob): void {
    const before = this.running.get(job.id) ?? Promise.resolve();
    const done = before
      .then(() => this.process(job))
      .finally(() => {
        if (this.running.get(job.id) === done) this.running.delete(job.id);
        this.nap.abort();
      });
    this.running.set(job.id, done);
  }

  private async rest(): Promise<void> {
    await sleep(this.options.pollMs, undefined, { signal: this.nap.signal }).catch(() => undefined);
  }

  private async beat(): Promise<void> {
    try {
      await this.queue.heartbeat([...this.running.keys()]);
    } catch (error) {
      this.deps.logger.warn({ err: error }, "leases could not be renewed");
    }
  }

  /** Never throws: what cannot be written down now is taken over when the lease ends. */
  private async process(job: LeasedJob): Promise<void> {
    const started = Date.now();
    const parent = parentOf(job);
    const log = this.deps.logger.child({
      ...spanIdsOf(parent),
      ticket_id: job.ticket.ticketId,
      tenant_id: job.ticket.tenantId,
      job_id: job.id,
      attempt: job.attempt,
    });
    const { jobLimitMs } = this.options;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new JobTimeout(jobLimitMs)), jobLimitMs);
    const signal = AbortSignal.any([this.abandon.signal, late.signal]);
    try {
      const status = await this.attempt(job, parent, signal, log);
      if (status !== undefined) {
        this.observe({
          tenantId: job.ticket.tenantId,
          status,
          seconds: (Date.now() - job.carrier.traceStartMs) / 1_000,
          traceId: trace.getSpanContext(parent)?.traceId,
        });
        log.info({ status, duration_ms: Date.now() - started }, "ticket ended");
      }
    } catch (error) {
      if (error instanceof LeaseLost) log.warn("the lease ended before the job did; another worker has it");
      else log.error({ err: error }, "the job's end could not be stored; it will be taken over");
    } finally {
      clearTimeout(timer);
    }
  }

  /** How the job ended; undefined when it will be tried again. */
  private async attempt(
    job: LeasedJob,
    parent: Context,
    signal: AbortSignal,
    log: EnhanceDependencies["logger"],
  ) {
    try {
      const outcome = await enhance(job, parent, signal, this.deps);
      await this.queue.complete(job.id, outcome);
      return outcome.status;
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      if (this.abandon.signal.aborted) {
        await this.queue.release(job.id);
        return undefined;
      }
      const reason = error instanceof Error ? error.message : String(error);
      if (isPermanent(error) || (job.isLastAttempt && !isThrottled(error))) {
        await this.queue.bury(job.id, reason);
        log.error({ err: error, reason }, "ticket not enhanced: dead letter");
        return "failed" as const;
      }
      if (isThrottled(error)) {
        const holdMs = throttleMs(job.attempt, error.retryAfterMs);
        await this.queue.holdTenant(job.id, reason, holdMs);
        log.warn({ reason, delay_ms: holdMs }, "the desk asks to come later: the tenant's jobs wait");
        return undefined;
      }
      const delayMs = backoffMs(job.attempt);
      await this.queue.retryLater(job.id, reason, delayMs);
      log.warn({ reason, delay_ms: delayMs }, "attempt failed, tried again later");
      return undefined;
    }
  }
}

/** Where the job's trace goes on; the receiver's spans come with it if they were not sampled and this attempt is exported. */
function parentOf(job: LeasedJob): Context {
  const parent = extractCarrier(job.carrier);
  // An earlier attempt that ended has brought them; one that was cut off has not.
  const areTold = job.attempt > 1 && job.takes === job.attempt;
  return job.origin === undefined || areTold ? parent : withAncestors(parent, () => ancestorsOf(job));
}

/** Why a drain ended a job that was under way. */
class WorkerStopping extends Error {
  override readonly name = "WorkerStopping";

  constructor() {
    super("The worker stops; the job goes back to the queue.");
  }
}

/** Named as the platform's own, so that spans tell `error.type=timeout`. */
class JobTimeout extends Error {
  override readonly name = "TimeoutError";

  constructor(limitMs: number) {
    super(`The job took longer than ${limitMs / 1_000} s.`);
  }
}
