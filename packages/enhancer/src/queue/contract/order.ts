import { expect, test } from "vitest";
import { ageingMs } from "../payload.ts";
import { type CreateQueue, deliveries, newJob, useQueue } from "./harness.ts";

/** Which job comes next. */
export function orderContract(create: CreateQueue): void {
  const { under, queue, enqueue, takeOne } = useQueue(create);

  test("urgent jobs are taken first, old before new", async () => {
    await enqueue(["low", { priority: "low" }], ["medium"], ["critical", { priority: "critical" }]);
    await under().passTime(1_000);
    await enqueue(["later"]);
    expect(deliveries(await queue().take(4))).toEqual(["critical", "medium", "later", "low"]);
  });

  test("a job of low priority is overtaken for a while, and then no more", async () => {
    await enqueue(["low", { priority: "low" }]);
    await under().passTime(3 * ageingMs + 1_000);
    await enqueue(["critical", { priority: "critical" }]);
    expect(deliveries(await queue().take(2))).toEqual(["low", "critical"]);
  });

  test("tenants are served in turn, however much one of them sends", async () => {
    for (let at = 0; at < 20; at++) await enqueue([`loud-${at}`, { tenant: "loud", priority: "critical" }]);
    await enqueue(["a", { tenant: "quiet", priority: "low" }], ["b", { tenant: "quiet", priority: "low" }]);
    const order: string[] = [];
    for (let at = 0; at < 6; at++) order.push((await takeOne()).ticket.tenantId);
    expect(order.filter((tenant) => tenant === "quiet")).toHaveLength(2);
    expect(order.slice(0, 4).sort()).toEqual(["loud", "loud", "quiet", "quiet"]);
  });

  test("no more jobs of a tenant are under way than it may have, in all processes together", async () => {
    under().setConcurrency("acme", 2);
    for (let at = 0; at < 5; at++) await enqueue([`j${at}`]);
    const first = await queue().take(5);
    expect(first).toHaveLength(2);
    expect(await under().open().take(5)).toHaveLength(0);
    await queue().complete(first[0]?.id ?? "", { status: "success", noteId: "1" });
    expect(await under().open().take(5)).toHaveLength(1);
  });

  test("two workers never get the same job", async () => {
    const other = under().open();
    await Promise.all(Array.from({ length: 20 }, (_, at) => queue().enqueue(newJob(`j${at}`))));
    const taken = (
      await Promise.all([queue().take(10), other.take(10), queue().take(10), other.take(10)])
    ).flat();
    expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
    expect(taken).toHaveLength(20);
  });

  test("a paused queue gives nothing until it is resumed, in every process and after a restart", async () => {
    await enqueue(["one"]);
    await queue().pause();
    expect(await under().open().take(1)).toHaveLength(0);
    await enqueue(["two"]);
    expect(await queue().take(1)).toHaveLength(0);
    expect(await under().open().status()).toMatchObject({ paused: true, waiting: 2 });
    await under().open().resume();
    expect(await queue().take(2)).toHaveLength(2);
  });

  test.each([undefined, "acme"])(
    "what was not under way when a pause was answered does not start, however many workers take (tenant %s)",
    async (tenant) => {
      const workers = Array.from({ length: 4 }, () => under().open());
      await Promise.all(workers.map((worker) => worker.take(1)));
      for (let round = 0; round < 10; round++) {
        await Promise.all(
          Array.from({ length: 40 }, (_, at) =>
            queue().enqueue(newJob(`${round}-${at}`, { ticket: `T-${at}` })),
          ),
        );
        const taken: string[] = [];
        const over = new AbortController();
        const working = workers.map(async (worker) => {
          while (!over.signal.aborted) {
            const jobs = await worker.take(2);
            taken.push(...jobs.map(({ id }) => id));
            for (const { id } of jobs) await worker.complete(id, { status: "success", noteId: "1" });
          }
        });
        while (taken.length < round) await new Promise((resolve) => setImmediate(resolve));
        await queue().pause(tenant);
        const left = new Set((await queue().list({ state: "waiting", limit: 1_000 })).map(({ id }) => id));
        const before = new Set(taken);
        await new Promise((resolve) => setTimeout(resolve, 50));
        over.abort();
        await Promise.all(working);
        expect(taken.filter((id) => left.has(id) && !before.has(id))).toEqual([]);
        expect((await queue().status()).waiting).toBe(left.size);
        await queue().resume(tenant);
        for (const { id } of await queue().take(1_000))
          await queue().complete(id, { status: "success", noteId: "1" });
      }
    },
  );

  test("the pause of all and that of a tenant end apart", async () => {
    await enqueue(["one"], ["two", { tenant: "other" }]);
    await queue().pause("acme");
    await queue().pause();
    expect(await queue().status()).toMatchObject({ paused: true, pausedTenants: ["acme"] });
    await queue().resume();
    expect(deliveries(await queue().take(2))).toEqual(["two"]);
    await queue().pause();
    await queue().resume("acme");
    expect(await queue().status()).toMatchObject({ paused: true, pausedTenants: [] });
    expect(await queue().take(2)).toHaveLength(0);
    await enqueue(["three", { tenant: "new" }]);
    expect(await queue().take(2)).toHaveLength(0);
    await queue().resume();
    expect(new Set(deliveries(await queue().take(2)))).toEqual(new Set(["one", "three"]));
  });

  test("one tenant can be paused: the others go on", async () => {
    await enqueue(["one"], ["two", { tenant: "other" }]);
    await queue().pause("acme");
    expect(deliveries(await under().open().take(2))).toEqual(["two"]);
    expect(await queue().status()).toMatchObject({ paused: false, pausedTenants: ["acme"] });
    await queue().resume("acme");
    expect(deliveries(await under().open().take(2))).toEqual(["one"]);
  });
}
