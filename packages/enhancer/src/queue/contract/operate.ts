import { expect, test } from "vitest";
import type { JobFilter, LeasedJob } from "../queue.ts";
import { type CreateQueue, idOf, newJob, useQueue } from "./harness.ts";

/** What ended, and what operators do. */
export function operateContract(create: CreateQueue): void {
  const { under, queue, enqueue, takeOne } = useQueue(create);

  test("a done job tells how it ended", async () => {
    await enqueue(["one"]);
    const { id } = await takeOne();
    await queue().complete(id, { status: "partial", noteId: "42" });
    expect(await queue().show(id)).toMatchObject({
      state: "done",
      status: "partial",
      noteId: "42",
      attempts: 1,
    });
    expect(await queue().status()).toMatchObject({ done: 1, active: 0, waiting: 0, dead: 0 });
  });

  test("a job that ends while it is looked at is never done without saying how it ended", async () => {
    const seen = new Set<string>();
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    for (let at = 0; at < 40; at++) {
      await enqueue([`looked-at-${at}`]);
      const { id } = await takeOne();
      const lookUntilDone = async (): Promise<void> => {
        const view = await queue().show(id);
        seen.add(`${view?.state}, ${view?.status}`);
        await turn();
        if (view?.state === "active") await lookUntilDone();
      };
      // Others are at each step of looking when it ends.
      const looks: Promise<void>[] = [];
      for (let step = 0; step < 6; step++) {
        looks.push(lookUntilDone(), lookUntilDone());
        await turn();
      }
      await queue().complete(id, { status: "success", noteId: "42" });
      await Promise.all(looks);
    }
    expect([...seen].filter((one) => !["active, null", "done, success"].includes(one))).toEqual([]);
    expect(seen).toContain("done, success");
  });

  test("a dead job keeps its reason, and a retry continues its trace with four more attempts", async () => {
    await enqueue(["one"]);
    const { id } = await takeOne();
    await queue().bury(id, "403 Forbidden");
    expect(await queue().show(id)).toMatchObject({
      state: "dead",
      status: "failed",
      reason: "403 Forbidden",
      attempts: 1,
    });
    await queue().retry(id);
    const again = await takeOne();
    expect(again).toMatchObject({
      attempt: 2,
      isLastAttempt: false,
      carrier: { traceparent: newJob("one").carrier.traceparent },
    });
    expect(again.carrier.traceStartMs).toBeGreaterThan(newJob("one").carrier.traceStartMs);
  });

  test("a dead job is retried also while a later job of its ticket waits: both run, one after the other", async () => {
    await enqueue(["one", { ticket: "T-1" }]);
    const dead = await takeOne();
    await queue().markWriteStarted(dead.id);
    await queue().bury(dead.id, "403 Forbidden");
    await enqueue(["two", { ticket: "T-1" }]);
    expect(await queue().retry(dead.id)).toMatchObject({ id: dead.id, state: "waiting", status: null });
    expect(await queue().status()).toMatchObject({ waiting: 2, dead: 0 });
    const done = await oneByOne();
    expect(done.map(({ id }) => id).sort()).toEqual([dead.id, idOf("two")].sort());
    const again = done.find(({ id }) => id === dead.id);
    expect(again).toMatchObject({ attempt: 2, isLastAttempt: false });
    expect(again?.writeStartedAt).toBeTypeOf("number");
    expect(await queue().status()).toMatchObject({ waiting: 0, active: 0, done: 2 });
  });

  test("a dead job is retried also while a later job of its ticket is under way and a third waits", async () => {
    await enqueue(["one", { ticket: "T-1" }]);
    const dead = await takeOne();
    await queue().bury(dead.id, "403 Forbidden");
    await enqueue(["two", { ticket: "T-1" }]);
    const { id } = await takeOne();
    await enqueue(["three", { ticket: "T-1" }]);
    await queue().retry(dead.id);
    await expect(queue().retry(dead.id)).rejects.toMatchObject({ code: "TL_JOB_NOT_RETRYABLE" });
    await under().passTime(2_000);
    expect(await queue().take(5)).toHaveLength(0);
    await queue().complete(id, { status: "success", noteId: "1" });
    const ids = (await oneByOne()).map((job) => job.id);
    expect(ids.sort()).toEqual([dead.id, idOf("three")].sort());
  });

  test("a retried job that waits behind another can be discarded", async () => {
    await enqueue(["one", { ticket: "T-1" }]);
    const dead = await takeOne();
    await queue().bury(dead.id, "403 Forbidden");
    await enqueue(["two", { ticket: "T-1" }]);
    await queue().retry(dead.id);
    await queue().discard(dead.id);
    expect((await oneByOne()).map((job) => job.id)).toEqual([idOf("two")]);
    await enqueue(["three", { ticket: "T-1" }]);
    expect((await oneByOne()).map((job) => job.id)).toEqual([idOf("three")]);
  });

  /** Takes and completes until nothing comes; two of the ticket in hand at once are an error. */
  async function oneByOne(): Promise<LeasedJob[]> {
    const done: LeasedJob[] = [];
    for (;;) {
      await under().passTime(2_000);
      const jobs = await queue().take(5);
      expect(jobs.length).toBeLessThanOrEqual(1);
      const [job] = jobs;
      if (job === undefined) return done;
      done.push(job);
      await queue().complete(job.id, { status: "success", noteId: "1" });
    }
  }

  test("a forced rerun stays forced, whatever else comes for the ticket", async () => {
    await enqueue(["one", { ticket: "T-1" }]);
    const { id } = await takeOne();
    await queue().complete(id, { status: "success", noteId: "1" });
    await enqueue(["waits", { ticket: "T-1" }]);
    await queue().rerun(id, { isForced: true });
    await enqueue(["edit", { ticket: "T-1" }]);
    expect((await oneByOne()).filter(({ isForced }) => isForced)).toHaveLength(1);
    await enqueue(["under way", { ticket: "T-1" }]);
    const active = await takeOne();
    expect(active.isForced).toBe(false);
    await queue().rerun(id, { isForced: true });
    await enqueue(["another edit", { ticket: "T-1" }], ["and one more", { ticket: "T-1" }]);
    await queue().complete(active.id, { status: "success", noteId: "1" });
    expect((await oneByOne()).filter(({ isForced }) => isForced)).toHaveLength(1);
  });

  test("only a dead job can be retried", async () => {
    await enqueue(["one"]);
    await expect(queue().retry(idOf("one"))).rejects.toMatchObject({ code: "TL_JOB_NOT_RETRYABLE" });
    await expect(queue().retry("none")).rejects.toMatchObject({ code: "TL_JOB_NOT_FOUND" });
  });

  test("a job is discarded unless it is under way; its delivery stays known", async () => {
    await enqueue(["one"], ["two"]);
    await queue().discard(idOf("one"));
    await expect(queue().show(idOf("one"))).rejects.toMatchObject({ code: "TL_JOB_NOT_FOUND" });
    expect(await queue().enqueue(newJob("one"))).toMatchObject({ isNew: false });
    const { id } = await takeOne();
    await expect(queue().discard(id)).rejects.toMatchObject({ code: "TL_JOB_NOT_DISCARDABLE" });
    await queue().bury(id, "no");
    await queue().discard(id);
    expect(await queue().status()).toMatchObject({ waiting: 0, dead: 0 });
  });

  test("what is erased of a tenant is gone, under way or not, and nobody else's is", async () => {
    await enqueue(["one"], ["two"], ["three", { ticket: "T-one" }], ["other", { tenant: "beta" }]);
    const { id } = await takeOne();
    await queue().pause("acme");
    const { jobs } = await queue().eraseTenant("acme");
    expect(jobs).toBeGreaterThanOrEqual(2);
    await expect(queue().complete(id, { status: "success", noteId: "1" })).rejects.toThrow("lease");
    expect((await queue().list({ limit: 10 })).map(({ tenantId }) => tenantId)).toEqual(["beta"]);
    expect(await queue().status()).toMatchObject({ waiting: 1, active: 0, pausedTenants: [] });
    await enqueue(["one again"]);
    expect(await queue().list({ tenantId: "acme", limit: 10 })).toHaveLength(1);
    expect(await queue().eraseTenant("nobody")).toEqual({ jobs: 0, deliveries: 0 });
  });

  test("a job that ended can be run again as a job of its own, forced or not", async () => {
    await enqueue(["one"]);
    await expect(queue().rerun(idOf("one"), { isForced: true })).rejects.toMatchObject({
      code: "TL_JOB_NOT_RETRYABLE",
    });
    const { id } = await takeOne();
    await queue().complete(id, { status: "success", noteId: "1" });
    const again = await queue().rerun(id, { isForced: true });
    expect(again.id).not.toBe(id);
    expect(await takeOne()).toMatchObject({
      id: again.id,
      isForced: true,
      attempt: 1,
      carrier: { traceparent: newJob("one").carrier.traceparent },
    });
  });

  test("jobs are listed newest first, by state, tenant and ticket", async () => {
    await enqueue(["one"]);
    await under().passTime(10);
    await enqueue(["two", { tenant: "other", ticket: "T-2" }]);
    expect((await queue().list({ limit: 10 })).map(({ id }) => id)).toEqual([
      idOf("two", "other"),
      idOf("one"),
    ]);
    expect(await queue().list({ limit: 10, tenantId: "other" })).toHaveLength(1);
    expect(await queue().list({ limit: 10, ticketId: "T-2" })).toHaveLength(1);
    expect(await queue().list({ limit: 10, state: "dead" })).toHaveLength(0);
    expect(await queue().list({ limit: 1, state: "waiting" })).toHaveLength(1);
  });

  test("pages of a list hold each job once, whatever comes and goes between them", async () => {
    for (let at = 0; at < 25; at++) {
      await enqueue([`j${at}`, { tenant: at % 3 === 0 ? "other" : "acme" }]);
      if (at % 5 === 4) await under().passTime(1);
    }
    const [discarded] = await queue()
      .list({ limit: 7 })
      .then((jobs) => jobs.slice(5));
    const shown: string[] = [];
    let after: JobFilter["after"];
    for (let page = 0; page < 10; page++) {
      const jobs = await queue().list({ limit: 4, after });
      shown.push(...jobs.map(({ id }) => id));
      const last = jobs.at(-1);
      if (last === undefined) break;
      after = { enqueuedAtMs: Date.parse(last.enqueuedAt), id: last.id };
      await under().passTime(1);
      await enqueue([`new${page}`]);
      if (page === 0 && discarded !== undefined) await queue().discard(discarded.id);
      // The page's own last job goes too.
      if (page === 1) await queue().discard(last.id);
    }
    const all = Array.from({ length: 25 }, (_, at) => idOf(`j${at}`, at % 3 === 0 ? "other" : "acme"));
    expect(shown.toSorted()).toEqual(all.filter((id) => id !== discarded?.id).toSorted());
  });

  test("a list is filtered by state, status, tenant, ticket and time, in any combination", async () => {
    for (let at = 0; at < 24; at++) {
      await enqueue([
        `j${at}`,
        { tenant: at % 2 === 0 ? "other" : "acme", ticket: `T-${at % 5}-${at % 2}-${at}` },
      ]);
      await under().passTime(1_000);
    }
    const statuses = ["success", "partial", "skipped"] as const;
    for (const [at, { id }] of (await queue().take(16)).entries()) {
      if (at % 4 === 3) await queue().bury(id, "no");
      else if (at < 12)
        await queue().complete(id, { status: statuses[at % 3] ?? "success", noteId: undefined });
    }
    const all = await queue().list({ limit: 100 });
    expect(all).toHaveLength(24);
    const times = all.map(({ enqueuedAt }) => Date.parse(enqueuedAt));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    for (const state of [undefined, "waiting", "active", "done", "dead"] as const)
      for (const status of [undefined, ...statuses, "failed"] as const)
        for (const tenantId of [undefined, "acme", "nobody"])
          for (const ticketId of [undefined, "T-1-1-1"])
            for (const [sinceMs, untilMs] of [
              [],
              [times[15]],
              [undefined, times[5]],
              [times[20], times[2]],
            ]) {
              const fits = all.filter(
                (job) =>
                  (state === undefined || job.state === state) &&
                  (status === undefined || job.status === status) &&
                  (tenantId === undefined || job.tenantId === tenantId) &&
                  (ticketId === undefined || job.ticketId === ticketId) &&
                  (sinceMs === undefined || Date.parse(job.enqueuedAt) >= sinceMs) &&
                  (untilMs === undefined || Date.parse(job.enqueuedAt) < untilMs),
              );
              const filter = { state, status, tenantId, ticketId, sinceMs, untilMs };
              expect(await queue().list({ ...filter, limit: 3 }), JSON.stringify(filter)).toEqual(
                fits.slice(0, 3),
              );
            }
  });

  test("what ended is pruned by age and by count; dead jobs stay, deliveries go last", async () => {
    await enqueue(["a"], ["b"], ["c"], ["dead"]);
    for (const { id, ticket } of await queue().take(4)) {
      if (ticket.ticketId === "T-dead") await queue().bury(id, "no");
      else await queue().complete(id, { status: "success", noteId: "1" });
      await under().passTime(10);
    }
    expect(await queue().prune()).toBe(1);
    expect(await queue().status()).toMatchObject({ done: 2, dead: 1 });
    await under().passTime(61_000);
    expect(await queue().prune()).toBe(2);
    expect(await queue().status()).toMatchObject({ done: 0, dead: 1 });
    expect(await queue().enqueue(newJob("a"))).toMatchObject({ isNew: false });
    await under().passTime(61_000);
    await queue().prune();
    expect(await queue().enqueue(newJob("a"))).toMatchObject({ isNew: true });
  });

  test("a payload of the version before is read; one of an unknown version is dead with its reason, not lost", async () => {
    await under().storeForeign("jold", 1);
    await under().storeForeign("jnew", 99);
    expect((await queue().take(5)).map(({ id }) => id)).toEqual(["jold"]);
    const job = await queue().show("jnew");
    expect(job).toMatchObject({ state: "dead", status: "failed" });
    expect(job.reason).toContain("version 99");
  });
}
