import { expect, test } from "vitest";
import { jobIdOf } from "../job-id.ts";
import { type CreateQueue, deliveries, idOf, newJob, useQueue } from "./harness.ts";

/** What becomes of deliveries. */
export function intakeContract(create: CreateQueue): void {
  const { under, queue, enqueue, takeOne } = useQueue(create);

  test("a job comes out as it went in, with its trace context", async () => {
    const job = newJob("one");
    const enqueued = await queue().enqueue(job);
    expect(enqueued).toEqual({ jobId: idOf("one"), isNew: true, isRepeated: false, traceId: "a".repeat(32) });
    const [taken] = await queue().take(4);
    expect(taken).toMatchObject({
      id: enqueued.jobId,
      ticket: job.ticket,
      carrier: job.carrier,
      attempt: 1,
      takes: 1,
      isLastAttempt: false,
      isForced: false,
    });
    expect(taken?.writeStartedAt).toBeUndefined();
  });

  test("job ids are the same everywhere, start with a letter and have no colon", () => {
    expect(jobIdOf("acme", "1234")).toMatch(/^j[0-9a-f]{31}$/);
    expect(jobIdOf("acme", "1234")).not.toBe(jobIdOf("other", "1234"));
  });

  test("many jobs enqueued at once are all stored", async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, at) => queue().enqueue(newJob(`j${at}`))));
    expect((await queue().status()).waiting).toBe(1_200);
  });

  test("a repeated delivery gives the same job, also when it comes at the same time and after the job was done", async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => under().open().enqueue(newJob("one"))));
    expect(new Set(answers.map(({ jobId }) => jobId)).size).toBe(1);
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    const { id } = await takeOne();
    await queue().complete(id, { status: "success", noteId: "1" });
    expect(await queue().enqueue(newJob("one"))).toMatchObject({ jobId: id, isNew: false, isRepeated: true });
    expect(await queue().take(1)).toHaveLength(0);
  });

  test("edits of one ticket that come before a worker does become one job with the newest ticket", async () => {
    await enqueue(["first", { ticket: "T-1", priority: "low" }]);
    const second = await queue().enqueue(newJob("second", { ticket: "T-1", priority: "high" }));
    expect(second).toMatchObject({ jobId: idOf("first"), isNew: false, isRepeated: false });
    expect(await queue().enqueue(newJob("second", { ticket: "T-1" }))).toMatchObject({
      jobId: idOf("first"),
    });
    expect(deliveries(await queue().take(5))).toEqual(["second"]);
  });

  test("edits of a ticket that is under way become one more job, which waits until that ended", async () => {
    await enqueue(["first", { ticket: "T-1" }]);
    const { id } = await takeOne();
    const [second, third] = [
      await queue().enqueue(newJob("second", { ticket: "T-1" })),
      await queue().enqueue(newJob("third", { ticket: "T-1" })),
    ];
    expect(second).toMatchObject({ jobId: idOf("second"), isNew: true });
    expect(third).toMatchObject({ jobId: idOf("second"), isNew: false });
    expect(await under().open().take(5)).toHaveLength(0);
    await queue().complete(id, { status: "success", noteId: "1" });
    expect(deliveries(await queue().take(5))).toEqual(["third"]);
  });

  test("the same ticket id of another tenant is another ticket", async () => {
    await enqueue(["one", { ticket: "T-1" }], ["one", { ticket: "T-1", tenant: "other" }]);
    expect(await queue().take(5)).toHaveLength(2);
  });
}
