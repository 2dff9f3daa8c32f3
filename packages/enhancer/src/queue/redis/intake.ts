import { ThroughlineError } from "@throughline/api";
import type { JobJson, Queue } from "bullmq";
import { setTimeout as sleep } from "node:timers/promises";
import { jobIdOf } from "../job-id.ts";
import { queueName, type Enqueued, type NewJob } from "../queue.ts";
import { connect, disconnect, isReady, producerTimeoutMs, type RedisClient } from "./clients.ts";
import type { RedisAddress } from "./address.ts";
import { type JobData, dataOf, placeOf } from "./job-data.ts";
import type { Backend } from "./hold.ts";
import { defineScripts } from "./scripts.ts";
import { base, openQueue, TenantQueues, wakeChannel } from "./tenant-queues.ts";

interface Waiting {
  job: NewJob;
  data?: JobData;
  id: string;
  resolve: (enqueued: Enqueued) => void;
  reject: (error: Error) => void;
}

/** Past so many the rest waits for the next turn. */
const longestGroup = 200;

/** Stores what came in one turn of the event loop with two commands: which deliveries are known, then one transaction for the others. */
export class RedisIntake {
  private readonly client: RedisClient;
  private readonly shown: string;
  /** Loads BullMQ's scripts into this connection. */
  private readonly loader: Queue;
  private readonly queues: TenantQueues;
  private readonly deliveriesMs: number;
  private waiting: Waiting[] = [];
  private isLoaded = false;
  private readonly loading: Promise<void>;

  constructor(address: RedisAddress, deliveriesMs: number, onError: (error: Error) => void) {
    this.client = connect(address, "producer");
    this.client.on("error", onError);
    this.shown = address.shown;
    this.deliveriesMs = deliveriesMs;
    defineScripts(this.client);
    this.loader = openQueue(queueName, this.client, onError);
    this.queues = new TenantQueues(this.client, onError);
    this.loading = this.loader.waitUntilReady().then(
      () => {
        this.isLoaded = true;
      },
      () => undefined,
    );
  }

  /** `again`: a job for a ticket whose earlier job ended. */
  enqueue(job: NewJob, again?: { id: string; data: JobData }): Promise<Enqueued> {
    const id = again?.id ?? jobIdOf(job.ticket.tenantId, job.deliveryId);
    return new Promise((resolve, reject) => {
      this.waiting.push({ job, id, resolve, reject, ...(again === undefined ? {} : { data: again.data }) });
      if (this.waiting.length === 1) setImmediate(() => void this.flush());
    });
  }

  async close(): Promise<void> {
    await disconnect(this.client, async () => {
      await this.queues.close();
      await this.loader.close();
    });
  }

  private async flush(): Promise<void> {
    const group = this.waiting.splice(0, longestGroup);
    if (this.waiting.length > 0) setImmediate(() => void this.flush());
    try {
      // A process that has just started waits for its connection; later, one that is gone is told at once.
      if (!this.isLoaded)
        await Promise.race([this.loading, sleep(producerTimeoutMs, undefined, { ref: false })]);
      if (!this.isLoaded || !isReady(this.client)) throw new Error(`there is no connection to ${this.shown}`);
      await this.store(group);
    } catch (cause) {
      const error = new ThroughlineError(
        "TL_QUEUE_UNAVAILABLE",
        `The job could not be stored: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
      for (const { reject } of group) reject(error);
    }
  }

  private async store(group: readonly Waiting[]): Promise<void> {
    const known = await this.client.mget(...group.map(({ id }) => deliveryKey(id)));
    const unknown = group.filter(({ resolve }, at) => {
      const earlier = known[at];
      if (earlier === null || earlier === undefined) return true;
      const [jobId = "", traceId = ""] = earlier.split("\t");
      resolve({ jobId, isNew: false, isRepeated: true, traceId });
      return false;
    });
    if (unknown.length === 0) return;
    const client = await this.loader.getBackend().client;
    const multi = client.multi();
    for (const waiting of unknown) this.add(multi, waiting);
    // Heard with the commit, not a round trip later.
    multi.runCommand("tlWake", [wakeChannel]);
    const results = await multi.exec();
    if (results === null) throw new Error("Redis refused the transaction");
    for (const [at, { resolve, reject }] of unknown.entries()) {
      const [added, recorded] = [results[2 * at], results[2 * at + 1]];
      const error = added?.[0] ?? recorded?.[0];
      if (error !== null && error !== undefined) {
        reject(
          new ThroughlineError("TL_QUEUE_UNAVAILABLE", `The job could not be stored: ${error.message}`, {
            cause: error,
          }),
        );
        continue;
      }
      const [jobId = "", traceId = "", isNew, isRepeated] = String(recorded?.[1]).split("\t");
      resolve({ jobId, isNew: isNew === "1", isRepeated: isRepeated === "1", traceId });
    }
  }

  /** BullMQ's own script makes the job, ours says what became of the delivery: two commands of the transaction. */
  private add(multi: Transaction, { job, id, data = dataOf(job) }: Waiting): void {
    const now = Date.now();
    const { tenantId, ticketId, priority } = job.ticket;
    const delayMs = job.delayMs ?? 0;
    const place = placeOf(priority, now + delayMs);
    const text = JSON.stringify(data);
    const json = {
      id,
      name: job.ticket.event,
      data: text,
      timestamp: now,
      deduplicationId: ticketId,
      opts: {
        jobId: id,
        attempts: 1,
        priority: place.priority,
        timestamp: now,
        ...(delayMs > 0 ? { delay: delayMs } : {}),
        deduplication: { id: ticketId, keepLastIfActive: true },
      },
    };
    // What it returns belongs to the transaction, and comes with its `exec`.
    void this.queues
      .backend(tenantId)
      .addJobToTransaction(multi, json as unknown as JobJson, id)
      .catch(() => undefined);
    multi.runCommand("tlRecord", [
      deliveryKey(id),
      base,
      tenantId,
      ticketId,
      id,
      text,
      this.deliveriesMs,
      now,
      place.score,
      place.priority,
    ]);
  }
}

type Transaction = ReturnType<Awaited<Backend["client"]>["multi"]>;

function deliveryKey(id: string): string {
  return `${base}delivery:${id}`;
}
