import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { QueueDatabase, QueueTables } from "../database/schema.ts";
import { openSqlite, sqliteKysely } from "../database/sqlite.ts";
import type { NewJob } from "./queue.ts";
import { leaseMs, SqliteQueue } from "./sqlite-queue.ts";

let directory: string;
let database: QueueDatabase;
let queue: SqliteQueue;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-queue-"));
  database = sqliteKysely<QueueTables>(openSqlite(join(directory, "throughline.db")));
  queue = new SqliteQueue(database);
});

afterEach(async () => {
  await database.destroy();
  await rm(directory, { recursive: true });
});

function job(id: string, overrides: Partial<NewJob["ticket"]> = {}): NewJob {
  return {
    id,
    ticket: {
      tenantId: "acme",
      ticketId: `T-${id.toUpperCase()}`,
      event: "ticket.created",
      description: "it does not work",
      priority: "medium",
      createdAt: "2026-11-01T10:00:00Z",
      ...overrides,
    },
    carrier: {
      traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
      tracestate: "vendor=1",
      traceStartMs: 1_700_000_000_000,
    },
  };
}

test("a job comes out as it went in, with its trace context", async () => {
  await queue.enqueue(job("one"));
  const [taken] = await queue.take(4);
  expect(taken).toMatchObject({ ...job("one"), attempt: 1, takes: 1, isLastAttempt: false });
  expect(taken?.writeStartedAt).toBeUndefined();
});

test("many jobs enqueued in one turn are all stored", async () => {
  await Promise.all(Array.from({ length: 1_200 }, (_, at) => queue.enqueue(job(`j${at}`))));
  expect((await queue.status()).waiting).toBe(1_200);
});

test("urgent jobs are taken first, old before new", async () => {
  await queue.enqueue(job("low", { priority: "low" }));
  await queue.enqueue(job("medium"));
  await queue.enqueue(job("critical", { priority: "critical" }));
  expect((await queue.take(3)).map(({ id }) => id)).toEqual(["critical", "medium", "low"]);
});

test("two workers never get the same job", async () => {
  const other = new SqliteQueue(database);
  await Promise.all(Array.from({ length: 20 }, (_, at) => queue.enqueue(job(`j${at}`))));
  const taken = (await Promise.all([queue.take(10), other.take(10), queue.take(10), other.take(10)])).flat();
  expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
  expect(taken).toHaveLength(20);
});

test("a job in another worker's hands cannot be ended", async () => {
  const other = new SqliteQueue(database);
  await queue.enqueue(job("one"));
  await queue.take(1);
  await expect(other.complete("one", { status: "success", noteId: "1" })).rejects.toThrow("lease");
});

test("a lease that ended is taken over without using an attempt", async () => {
  await queue.enqueue(job("one"));
  await queue.take(1);
  await queue.markWriteStarted("one");
  await database
    .updateTable("jobs")
    .set({ leased_until: Date.now() - leaseMs })
    .execute();
  const [taken] = await new SqliteQueue(database).take(1);
  expect(taken).toMatchObject({ id: "one", attempt: 1, takes: 2 });
  expect(taken?.writeStartedAt).toBeTypeOf("number");
});

test("leases of processes that are gone are reclaimed at start", async () => {
  await queue.enqueue(job("one"));
  await queue.take(1);
  const { hostname } = await import("node:os");
  await database
    .updateTable("jobs")
    .set({ lease_owner: `${hostname()}:${2 ** 22 + 1}:gone` })
    .execute();
  const restarted = new SqliteQueue(database);
  await restarted.reclaimFromDeadProcesses();
  expect(await restarted.take(1)).toHaveLength(1);
});

test("a failed attempt comes back after its delay and counts", async () => {
  await queue.enqueue(job("one"));
  await queue.take(1);
  await queue.retryLater("one", "desk down", 60_000);
  expect(await queue.take(1)).toHaveLength(0);
  await database.updateTable("jobs").set({ available_at: Date.now() }).execute();
  expect((await queue.take(1))[0]).toMatchObject({ attempt: 2 });
});

test("a released job comes back at once and does not count", async () => {
  await queue.enqueue(job("one"));
  await queue.take(1);
  await queue.release("one");
  expect((await queue.take(1))[0]).toMatchObject({ attempt: 1, takes: 2 });
});

test("a dead job keeps its reason, and a retry continues its trace with four more attempts", async () => {
  await queue.enqueue(job("one"));
  await queue.take(1);
  await queue.bury("one", "403 Forbidden");
  expect(await queue.show("one")).toMatchObject({
    state: "dead",
    status: "failed",
    reason: "403 Forbidden",
    attempts: 1,
  });
  await queue.retry("one");
  const [again] = await queue.take(1);
  expect(again).toMatchObject({
    attempt: 2,
    isLastAttempt: false,
    carrier: { traceparent: job("one").carrier.traceparent },
  });
  expect(again?.carrier.traceStartMs).toBeGreaterThan(job("one").carrier.traceStartMs);
});

test("only a dead job can be retried", async () => {
  await queue.enqueue(job("one"));
  await expect(queue.retry("one")).rejects.toMatchObject({ code: "TL_JOB_NOT_RETRYABLE" });
  await expect(queue.retry("none")).rejects.toMatchObject({ code: "TL_JOB_NOT_FOUND" });
});

test("a paused queue gives nothing until it is resumed, in every process", async () => {
  await queue.enqueue(job("one"));
  await queue.pause();
  expect(await new SqliteQueue(database).take(1)).toHaveLength(0);
  expect(await queue.status()).toMatchObject({ paused: true, waiting: 1 });
  await queue.resume();
  expect(await queue.take(1)).toHaveLength(1);
});

test("a store that cannot be written refuses the job with a code", async () => {
  const readOnly = new SqliteQueue(database);
  const { sql } = await import("kysely");
  await sql`pragma query_only = on`.execute(database);
  await expect(readOnly.enqueue(job("one"))).rejects.toMatchObject({ code: "TL_QUEUE_UNAVAILABLE" });
  await sql`pragma query_only = off`.execute(database);
  await readOnly.enqueue(job("one"));
  expect((await readOnly.status()).waiting).toBe(1);
});
