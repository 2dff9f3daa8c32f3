import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { newJob } from "../queue/contract/harness.ts";
import { queueDefaults, sqliteQueue } from "../queue/open-queue.ts";
import type { LeasedJob } from "../queue/queue.ts";
import { WriteMark } from "./write-mark.ts";

async function takenJob() {
  const dataDirectory = mkdtempSync(join(tmpdir(), "throughline-mark-"));
  const concurrencyOf = () => Promise.resolve(4);
  const queue = sqliteQueue(queueDefaults)({ dataDirectory, connection: undefined, concurrencyOf });
  onTestFinished(async () => {
    await queue.close();
    rmSync(dataDirectory, { recursive: true });
  });
  await queue.enqueue(newJob("one"));
  const take = async (): Promise<LeasedJob> => {
    const [job] = await queue.take(1);
    if (job === undefined) throw new Error("there is no job");
    return job;
  };
  const job = await take();
  /** As whoever takes the job next sees it. */
  const markedAt = async () => {
    await queue.release(job.id);
    return (await take()).writeStartedAt;
  };
  return { mark: new WriteMark(queue, job.id), markedAt };
}

test("a reading that ends well leaves the mark, and gives what was read", async () => {
  const { mark, markedAt } = await takenJob();
  expect(await mark.beside(Promise.resolve("read"))).toBe("read");
  expect(await markedAt()).toBeTypeOf("number");
});

test("a reading that fails is told, and the next attempt has no note to look for", async () => {
  const { mark, markedAt } = await takenJob();
  await expect(mark.beside(Promise.reject(new Error("the desk is away")))).rejects.toThrow(
    "the desk is away",
  );
  expect(await markedAt()).toBeUndefined();
});

test("a mark made long before the write is made anew: from it is counted how long a note may still appear", async () => {
  const { mark, markedAt } = await takenJob();
  await mark.beside(sleep(700));
  const before = Date.now();
  await mark.started();
  expect(await markedAt()).toBeGreaterThanOrEqual(before);
});

test("a mark made just before the write counts", async () => {
  const { mark, markedAt } = await takenJob();
  await mark.beside(Promise.resolve());
  const after = Date.now();
  await mark.started();
  expect(await markedAt()).toBeLessThanOrEqual(after);
});
