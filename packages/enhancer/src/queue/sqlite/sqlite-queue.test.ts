import { mkdtemp, rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openSqlite } from "../../database/sqlite.ts";
import { keptInTests, newJob, type QueueUnderTest } from "../contract/harness.ts";
import { queueContract } from "../contract/index.ts";
import { QueueConnection } from "./connection.ts";
import { SqliteQueue } from "./sqlite-queue.ts";

async function createQueue(askMs = 0): Promise<QueueUnderTest & { file: string }> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-queue-"));
  const file = join(directory, "throughline.db");
  const foreign = openSqlite(file);
  const limits = new Map<string, number>();
  let aheadMs = 0;
  const opened: SqliteQueue[] = [];
  return {
    file,
    open: () => {
      const queue = new SqliteQueue({
        connection: new QueueConnection(file, () => Date.now() + aheadMs),
        wakeFile: join(directory, "queue.wake"),
        concurrencyOf: async (tenantId) => {
          if (askMs > 0) await sleep(askMs);
          return limits.get(tenantId) ?? 1_000;
        },
        keep: keptInTests,
      });
      opened.push(queue);
      return queue;
    },
    passTime: (ms) => {
      aheadMs += ms;
      return Promise.resolve();
    },
    setConcurrency: (tenantId, limit) => limits.set(tenantId, limit),
    storeForeign: async (id, version) => {
      const { ticket, carrier } = newJob(id);
      foreign
        .prepare(
          `insert into jobs (id, tenant_id, ticket_id, payload_version, ticket, priority, state, attempts_allowed, available_at, rank,
             traceparent, tracestate, enqueued_at, clock_started_at) values (?, 'acme', ?, ?, ?, 2, 'waiting', 4, 1, 1, ?, '', 1, 1)`,
        )
        .run(id, id, version, JSON.stringify(ticket), carrier.traceparent);
      foreign.exec("insert into queue_lanes (tenant_id, busy) values ('acme', 1) on conflict do nothing");
      return Promise.resolve();
    },
    killOwner: async () => {
      const { hostname } = await import("node:os");
      // Above the largest process id that Linux gives.
      foreign.prepare("update jobs set lease_owner = ?").run(`${hostname()}:${2 ** 22 + 1}:gone`);
    },
    close: async () => {
      foreign.close();
      for (const queue of opened) await queue.close();
      await rm(directory, { recursive: true });
    },
  };
}

queueContract("SQLite", () => createQueue());

test("a store that cannot be written refuses the job with a code, and takes the next when it can", async () => {
  const under = await createQueue();
  onTestFinished(() => under.close());
  const queue = under.open();
  const foreign = new DatabaseSync(under.file);
  foreign.exec("alter table deliveries rename to elsewhere");
  await expect(queue.enqueue(newJob("one"))).rejects.toMatchObject({ code: "TL_QUEUE_UNAVAILABLE" });
  foreign.exec("alter table elsewhere rename to deliveries");
  foreign.close();
  await queue.enqueue(newJob("one"));
  expect((await queue.status()).waiting).toBe(1);
});

test("a delivery is known as long as its job is kept, and for its time once the job was discarded", async () => {
  const under = await createQueue();
  onTestFinished(() => under.close());
  const queue = under.open();
  const { jobId, traceId } = await queue.enqueue(newJob("one"));
  await queue.take(1);
  await queue.bury(jobId, "no");
  await under.passTime(keptInTests.deliveriesMs + 1_000);
  await queue.prune();
  const again = { jobId, traceId, isNew: false, isRepeated: true };
  expect(await queue.enqueue(newJob("one"))).toEqual(again);
  await queue.discard(jobId);
  expect(await queue.enqueue(newJob("one"))).toEqual(again);
  await queue.prune();
  await queue.enqueue(newJob("two"));
  expect(await queue.eraseTenant("acme")).toEqual({ jobs: 1, deliveries: 1 });
  expect(await queue.enqueue(newJob("one"))).toMatchObject({ jobId, isNew: true });
});

test("another process that holds the file's lock for a while delays a job, and does not lose it", async () => {
  const under = await createQueue();
  onTestFinished(() => under.close());
  const queue = under.open();
  const foreign = new DatabaseSync(under.file);
  foreign.exec("begin immediate");
  const enqueued = queue.enqueue(newJob("one"));
  await sleep(200);
  foreign.exec("commit");
  foreign.close();
  expect(await enqueued).toMatchObject({ isNew: true });
});

test("jobs are taken where asking for the limits of all tenants takes longer than a limit is remembered", async () => {
  const under = await createQueue(400);
  onTestFinished(() => under.close());
  const queue = under.open();
  const tenants = ["one", "two", "three", "four"];
  for (const tenant of tenants) await queue.enqueue(newJob(tenant, { tenant }));
  expect(await queue.take(10)).toHaveLength(tenants.length);
});
