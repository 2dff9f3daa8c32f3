import { type Context, trace } from "@opentelemetry/api";
import { extractCarrier, withAncestors } from "@throughline/tracing";
import { setTimeout as sleep } from "node:timers/promises";
import type { TicketMetrics } from "../metrics/tickets.ts";
import { type JobSource, type LeasedJob, LeaseLost } from "../queue/queue.ts";
import { sampledTraceId } from "../span.ts";
import { ancestorsOf } from "./ancestors.ts";
import { Bell } from "./bell.ts";
import { enhance, type EnhanceDependencies, spanIdsOf } from "./enhance.ts";
import { AttemptClock, type AttemptLimits } from "./limits.ts";
import { backoffMs, isPermanent, isThrottled, throttleMs } from "./retry.ts";

export interface WorkerOptions {
  /** Jobs at the same time. */
  concurrency: number;
  /** After so long an attempt winds up, milliseconds. */
  softLimitMs: number;
  /** After so long it is cancelled. */
  hardLimitMs: number;
}

/** Somebody rings when there is work; this is for jobs whose time comes, and for file systems that tell of no changes. */
const pollMs = 250;
const heartbeatMs = 10_000;
/** After its cancellation a job gets so long to go back to the queue; one that does not is taken over when its lease ends. */
const releaseMs = 1_500;

type TicketObserver = Pick<TicketMetrics, "ended" | "retried">;

interface Running {
  clock: AttemptClock;
  done: Promise<void>;
}

/** Takes jobs as places get free, and ends each one: complete, later again, or dead. Takes none ahead. */
export class Worker {
  private readonly deps: EnhanceDependencies;
  private readonly queue: JobSource;
  private readonly options: WorkerOptions;
  private readonly observe: TicketObserver;
  private readonly running = new Map<string, Running>();
  private readonly bell = new Bell();
  /** Jobs that have a place: one whose end is being stored has none any more. */
  private placed = 0;
  private isDraining = false;
  private isAbandoned = false;
  private loop: Promise<void> = Promise.resolve();
  private heart: NodeJS.Timeout | undefined;
  private queueFailing = false;

  constructor(deps: EnhanceDependencies, options: WorkerOptions, observe: TicketObserver) {
    this.deps = deps;
    this.queue = deps.queue;
    this.options = options;
    this.observe = observe;
  }

  start(): void {
    this.queue.onWork(() => this.bell.ring());
    this.heart = setInterval(() => void this.beat(), heartbeatMs);
    this.loop = this.run();
  }

  /** Whether jobs that wait are taken. */
  get isTaking(): boolean {
    return !this.isDraining && !this.queueFailing;
  }

  get places(): number {
    return this.options.concurrency;
  }

  get active(): number {
    return this.running.size;
  }

  /** Takes no more, waits `graceMs` for what is under way, then cancels it: cancelled jobs go back to the queue. */
  async stop(graceMs: number): Promise<void> {
    this.isDraining = true;
    this.bell.ring();
    const ended = this.loop.then(() => Promise.all([...this.running.values()].map(({ done }) => done)));
    await within(graceMs, ended);
    this.isAbandoned = true;
    for (const { clock } of this.running.values()) clock.cancel(new WorkerStopping());
    await within(releaseMs, ended);
    clearInterval(this.heart);
  }

  private async run(): Promise<void> {
    while (!this.isDraining) {
      const free = this.options.concurrency - this.placed;
      const taken = free > 0 ? await this.take(free) : 0;
      if (taken < free || free <= 0) await this.bell.wait(pollMs);
    }
  }

  private async take(free: number): Promise<number> {
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
    const before = this.running.get(job.id);
    before?.clock.cancel(new LeaseLost(job.id));
    this.placed++;
    const clock = new AttemptClock(this.options.softLimitMs, this.options.hardLimitMs);
    const done = (before?.done ?? Promise.resolve())
      .then(() => this.process(job, clock))
      .finally(() => {
        clock.clear();
        if (this.running.get(job.id)?.done === done) this.running.delete(job.id);
      });
    this.running.set(job.id, { clock, done });
  }

  private async beat(): Promise<void> {
    try {
      for (const id of await this.queue.heartbeat([...this.running.keys()]))
        this.running.get(id)?.clock.cancel(new LeaseLost(id));
    } catch (error) {
      this.deps.logger.warn({ err: error }, "leases could not be renewed");
    }
  }

  /** Never throws: what cannot be written down now is taken over when the lease ends. */
  private async process(job: LeasedJob, { limits }: AttemptClock): Promise<void> {
    const started = Date.now();
    let hasPlace = true;
    const leave = () => {
      if (!hasPlace) return;
      hasPlace = false;
      this.placed--;
      this.bell.ring();
    };
    const parent = parentOf(job);
    const log = this.deps.logger.child({
      ...spanIdsOf(parent),
      ticket_id: job.ticket.ticketId,
      tenant_id: job.ticket.tenantId,
      job_id: job.id,
      attempt: job.attempt,
    });
    try {
      const status = await this.attempt(job, parent, limits, log, leave);
      if (status !== undefined) {
        // What failed or lacks something is kept in any case (keep-ticket.ts).
        const isKept = status === "failed" || status === "partial";
        this.observe.ended({
          tenantId: job.ticket.tenantId,
          status,
          seconds: (Date.now() - job.carrier.traceStartMs) / 1_000,
          traceId: isKept ? trace.getSpanContext(parent)?.traceId : sampledTraceId(trace.getSpan(parent)),
        });
        log.info({ status, duration_ms: Date.now() - started }, "ticket ended");
      }
    } catch (error) {
      if (error instanceof LeaseLost) log.warn("the lease ended before the job did; another worker has it");
      else log.error({ err: error }, "the job's end could not be stored; it will be taken over");
    } finally {
      leave();
    }
  }

  /** How the job ended; undefined when it will be tried again. */
  private async attempt(
    job: LeasedJob,
    parent: Context,
    limits: AttemptLimits,
    log: EnhanceDependencies["logger"],
    leave: () => void,
  ) {
    const result = await enhance(job, parent, limits, this.deps).then(
      (ended) => ({ ended }),
      (error: unknown) => ({ error }),
    );
    if ("ended" in result) {
      const { outcome, row } = result.ended;
      // The place is free before the end is stored: both go to the queue together.
      await this.deps.records.addThen(row, () => {
        leave();
        return this.queue.complete(job.id, outcome);
      });
      return outcome.status;
    }
    leave();
    const { error } = result;
    if (error instanceof LeaseLost) throw error;
    if (limits.signal.reason instanceof LeaseLost) throw limits.signal.reason;
    if (this.isAbandoned) {
      await this.queue.release(job.id);
      return undefined;
    }
    const reason = error instanceof Error ? error.message : String(error);
    if (isThrottled(error)) {
      const holdMs = throttleMs(job.attempt, error.retryAfterMs);
      await this.queue.holdTenant(job.id, reason, holdMs);
      this.observe.retried(job.ticket.tenantId, "throttled");
      log.warn({ reason, delay_ms: holdMs }, "the desk asks to come later: the tenant's jobs wait");
      return undefined;
    }
    if (isPermanent(error) || job.isLastAttempt) {
      await this.queue.bury(job.id, reason);
      log.error({ err: error, reason }, "ticket not enhanced: dead letter");
      return "failed" as const;
    }
    const delayMs = backoffMs(job.attempt);
    await this.queue.retryLater(job.id, reason, delayMs);
    this.observe.retried(job.ticket.tenantId, "failed");
    log.warn({ reason, delay_ms: delayMs }, "attempt failed, tried again later");
    return undefined;
  }
}

async function within(ms: number, ended: Promise<unknown>): Promise<void> {
  const late = new AbortController();
  await Promise.race([ended, sleep(ms, undefined, { signal: late.signal }).catch(() => undefined)]);
  late.abort();
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
