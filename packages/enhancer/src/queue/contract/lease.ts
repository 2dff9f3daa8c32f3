import { expect, test } from "vitest";
import { mostTakeovers } from "../payload.ts";
import { type CreateQueue, deliveries, idOf, leaseMs, newJob, useQueue } from "./harness.ts";

/** A job in a worker's hands, whatever happens to the worker. */
export function leaseContract(create: CreateQueue): void {
  const { under, queue, enqueue, takeOne } = useQueue(create);

  test("a job in another worker's hands cannot be ended", async () => {
    await enqueue(["one"]);
    const { id } = await takeOne();
    const other = under().open();
    await expect(other.complete(id, { status: "success", noteId: "1" })).rejects.toThrow("lease");
    await expect(other.retryLater(id, "why", 0)).rejects.toThrow("lease");
    await expect(other.markWriteStarted(id)).rejects.toThrow("lease");
  });

  test("a lease that ended is taken over without using an attempt, and its first holder learns of it", async () => {
    await enqueue(["one"]);
    const { id } = await takeOne();
    await queue().markWriteStarted(id);
    expect(await queue().heartbeat([id])).toEqual([]);
    await under().passTime(leaseMs + 1_000);
    const other = under().open();
    const again = await takeOne(other);
    expect(again).toMatchObject({ id, attempt: 1, takes: 2 });
    expect(again.writeStartedAt).toBeTypeOf("number");
    expect(await queue().heartbeat([id])).toEqual([id]);
    await expect(queue().complete(id, { status: "success", noteId: "1" })).rejects.toThrow("lease");
  });

  test("a worker that is alive keeps its job", async () => {
    await enqueue(["one"]);
    const { id } = await takeOne();
    for (let at = 0; at < 3; at++) {
      await under().passTime(leaseMs - 5_000);
      await queue().heartbeat([id]);
      expect(await under().open().take(1)).toHaveLength(0);
    }
  });

  test("a job that crashes every worker is dead after ten take-overs, and says why", async () => {
    await enqueue(["one"]);
    for (let at = 0; at <= mostTakeovers; at++) {
      await takeOne();
      await under().passTime(leaseMs + 1_000);
    }
    expect(await queue().take(1)).toHaveLength(0);
    const job = await queue().show(idOf("one"));
    expect(job).toMatchObject({ state: "dead", status: "failed" });
    expect(job.reason).toContain("worker");
  });

  test("leases of processes that are gone are reclaimed at start", async () => {
    await enqueue(["one"]);
    await takeOne();
    await under().killOwner(queue());
    const restarted = under().open();
    await restarted.reclaimFromDeadProcesses();
    expect(await restarted.take(1)).toHaveLength(1);
  });

  test("a failed attempt comes back after its delay and counts", async () => {
    await enqueue(["one"]);
    const { id } = await takeOne();
    await queue().markWriteStarted(id);
    await queue().retryLater(id, "desk down", 60_000);
    expect(await queue().take(1)).toHaveLength(0);
    expect(await queue().show(id)).toMatchObject({ state: "waiting", attempts: 1, reason: "desk down" });
    await under().passTime(60_001);
    const again = await takeOne();
    expect(again).toMatchObject({ id, attempt: 2 });
    expect(again.writeStartedAt).toBeTypeOf("number");
    await queue().clearWriteStarted(id);
    await queue().retryLater(id, "refused", 0);
    expect((await takeOne()).writeStartedAt).toBeUndefined();
    await queue().retryLater(id, "desk down", 0);
    expect(await takeOne()).toMatchObject({ attempt: 4, isLastAttempt: true });
  });

  test("a released job comes back at once and does not count", async () => {
    await enqueue(["one"]);
    const { id } = await takeOne();
    await queue().release(id);
    expect(await takeOne()).toMatchObject({ attempt: 1, takes: 2 });
  });

  test("a worker is woken by what another process enqueues", async () => {
    let woken = 0;
    queue().onWork(() => woken++);
    await new Promise((resolve) => setTimeout(resolve, 50));
    woken = 0;
    await under().open().enqueue(newJob("one"));
    await expect.poll(() => woken, { timeout: 10_000 }).toBeGreaterThan(0);
  });

  test("a job with a delay is not taken before it", async () => {
    await enqueue(["one", { delayMs: 5_000 }]);
    expect(await queue().take(1)).toHaveLength(0);
    await under().passTime(5_001);
    expect(await queue().take(1)).toHaveLength(1);
  });

  test("another worker that had the tenant's jobs takes none of them while it is held, and all of them later", async () => {
    await enqueue(["one"], ["two"], ["three"]);
    const other = under().open();
    const before = await takeOne(other);
    const job = await takeOne();
    await queue().holdTenant(job.id, "429 from the desk", 20_000);
    expect(await other.take(4)).toEqual([]);
    await other.complete(before.id, { status: "success", noteId: "n1" });
    expect(await other.take(4)).toEqual([]);
    await under().passTime(21_000);
    const later = await other.take(4);
    expect(later).toHaveLength(2);
    expect(later.map(({ id }) => id)).not.toContain(before.id);
    expect(later.map(({ attempt }) => attempt)).toEqual([1, 1]);
  });

  test("a tenant whose desk throttles waits with all of its jobs, no attempt is used, and others go on", async () => {
    await enqueue(["one"], ["two"], ["three", { tenant: "other" }]);
    const job = (await queue().take(3)).find(({ ticket }) => ticket.description.endsWith("one"));
    await queue().release(idOf("two"));
    await queue().holdTenant(job?.id ?? "", "429 from the desk", 20_000);
    await enqueue(["four"], ["five", { tenant: "other" }]);
    expect(deliveries(await queue().take(5))).toEqual(["five"]);
    expect((await queue().status()).heldTenants.map(({ tenantId }) => tenantId)).toEqual(["acme"]);
    await under().passTime(20_001);
    const after = await queue().take(5);
    expect(new Set(deliveries(after))).toEqual(new Set(["one", "two", "four"]));
    expect(after.every(({ attempt }) => attempt === 1)).toBe(true);
  });
}
