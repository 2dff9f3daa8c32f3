import type { JobView } from "@throughline/api";
import { Job } from "bullmq";
import type { JobFilter } from "../queue.ts";
import type { RedisClient } from "./clients.ts";
import { type FoundJob, viewOf } from "./job-data.ts";
import { runScript } from "./scripts.ts";
import { base, jobKey, jobsKey, tenantsKey, type TenantQueues } from "./tenant-queues.ts";

/** Of a list, in one step: others wait meanwhile. */
const looksAtOnce = 2_000;

/** Looks jobs up, in whichever tenant's queue they are. */
export class JobFinder {
  private readonly client: RedisClient;
  private readonly queues: TenantQueues;

  constructor(client: RedisClient, queues: TenantQueues) {
    this.client = client;
    this.queues = queues;
  }

  async list(filter: JobFilter): Promise<JobView[]> {
    const { tenantId, ticketId, limit } = filter;
    if (ticketId === undefined) return this.newest(`${base}recent`, filter);
    const tenants = tenantId === undefined ? await this.client.smembers(tenantsKey) : [tenantId];
    const found: JobView[] = [];
    for (const tenant of tenants)
      found.push(...(await this.newest(`${base}ticket:${tenant}:${ticketId}`, filter)));
    return found.sort(newestFirst).slice(0, limit);
  }

  async find(jobId: string): Promise<FoundJob | undefined> {
    const [place, stored] = await Promise.all([
      this.client.hget(jobsKey, jobId),
      this.client.zscore(`${base}recent`, jobId),
    ]);
    if (place === null) return undefined;
    const [tenantId = "", ticketId = ""] = place.split("\t");
    const queue = this.queues.of(tenantId);
    const about = { tenantId, ticketId, storedAt: stored === null ? undefined : Number(stored) };
    const job = await Job.fromId(queue, jobId);
    if (job !== undefined) {
      const state = await job.getState();
      const hasEndedMeanwhile = (state === "completed" || state === "failed") && job.finishedOn === undefined;
      // It was read before it ended: how it did is in what is stored now.
      const now = hasEndedMeanwhile ? await Job.fromId(queue, jobId) : job;
      return now && { ...about, job: now, state };
    }
    // It waits for its ticket's active job to end, before BullMQ makes it.
    const [id, text] = await this.client.hmget(jobKey(tenantId, `dn:${ticketId}`), "jid", "data");
    if (id !== jobId || typeof text !== "string") return undefined;
    const follower = new Job(queue, "", JSON.parse(text), {}, jobId);
    return { ...about, job: follower, state: "waiting" };
  }

  /** The jobs of a sorted set that fit. */
  private async newest(key: string, filter: JobFilter): Promise<JobView[]> {
    const { tenantId, status, sinceMs = "-inf", untilMs, after, limit } = filter;
    const state = filter.state ?? (status === undefined ? undefined : stateOf(status));
    const few = state === undefined || state === "done" ? undefined : await this.few(state, tenantId);
    if (few !== undefined && key === `${base}recent`) return this.fitting(few, state, filter);
    const found: JobView[] = [];
    let [from, fromId] = [untilMs === undefined ? "+inf" : `(${untilMs}`, ""];
    if (after !== undefined && (untilMs === undefined || after.enqueuedAtMs < untilMs))
      [from, fromId] = [`${after.enqueuedAtMs}`, after.id];
    for (;;) {
      const args = [key, base, from, fromId, sinceMs, tenantId ?? "", state ?? "", limit, looksAtOnce];
      const [time = "", id = "", ...fitting] = (await runScript(this.client, "tlNewest", args)) as string[];
      const ids = fitting.filter((_, at) => at % 2 === 1);
      for (const job of await Promise.all(ids.map((one) => this.find(one)))) {
        if (job === undefined) continue;
        const view = viewOf(job);
        if (state !== undefined && view.state !== state) continue;
        if (status !== undefined && view.status !== status) continue;
        found.push(view);
        if (found.length === limit) return found;
      }
      if (id === "") return found;
      [from, fromId] = [time, id];
    }
  }

  /** The jobs of a state by id, with the times at which they were stored; undefined where they are many. */
  private async few(
    state: JobView["state"],
    tenantId: string | undefined,
  ): Promise<[string, number][] | undefined> {
    const args = [tenantsKey, base, tenantId ?? "", state, looksAtOnce];
    const [how, ...listed] = (await runScript(this.client, "tlInState", args)) as string[];
    if (how === "many") return undefined;
    const ids = listed.filter((_, at) => at % 2 === 0);
    return ids.map((id, at) => [id, Number(listed[2 * at + 1])]);
  }

  private async fitting(
    jobs: readonly [string, number][],
    state: JobView["state"] | undefined,
    { status, sinceMs = 0, untilMs = Infinity, after, limit }: JobFilter,
  ): Promise<JobView[]> {
    const ordered = jobs
      .filter(([id, at]) => {
        if (at < sinceMs || at >= untilMs) return false;
        return after === undefined || at < after.enqueuedAtMs || (at === after.enqueuedAtMs && id < after.id);
      })
      .sort(([a, at], [b, bt]) => bt - at || (a < b ? 1 : -1));
    const found: JobView[] = [];
    for (let at = 0; at < ordered.length && found.length < limit; at += limit) {
      const part = await Promise.all(ordered.slice(at, at + limit).map(([id]) => this.find(id)));
      const views = part.flatMap((job) => (job === undefined ? [] : [viewOf(job)]));
      found.push(
        ...views.filter((view) => view.state === state && (status === undefined || view.status === status)),
      );
    }
    return found.slice(0, limit);
  }
}

function newestFirst(a: JobView, b: JobView): number {
  return b.enqueuedAt.localeCompare(a.enqueuedAt) || (a.id < b.id ? 1 : -1);
}

function stateOf(status: NonNullable<JobFilter["status"]>): "done" | "dead" {
  return status === "failed" ? "dead" : "done";
}
