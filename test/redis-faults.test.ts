import { Redis } from "ioredis";
import { writeFileSync } from "node:fs";
import { type AddressInfo, createConnection, createServer } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { newJob } from "../packages/enhancer/src/queue/contract/harness.ts";
import { queueDefaults } from "../packages/enhancer/src/queue/open-queue.ts";
import { parseRedisAddress } from "../packages/enhancer/src/queue/redis/address.ts";
import { settingsWarnings } from "../packages/enhancer/src/queue/redis/check-settings.ts";
import { RedisQueue } from "../packages/enhancer/src/queue/redis/redis-queue.ts";
import { temporaryDirectory, until } from "./harness.ts";
import { freePort, startRedisIn } from "./servers.ts";

function open(url: string, lines: string[] = []): RedisQueue {
  const queue = new RedisQueue({
    address: parseRedisAddress(url),
    concurrencyOf: () => Promise.resolve(64),
    keep: queueDefaults.keep,
    logger: pino({ level: "info" }, { write: (line: string) => void lines.push(line) }),
  });
  onTestFinished(() => queue.close());
  return queue;
}

async function start(...args: Parameters<typeof startRedisIn>) {
  const server = await startRedisIn(...args);
  onTestFinished(server.end);
  return server;
}

const durable = ["--appendonly", "yes", "--appendfsync", "always"];

test("while Redis is away jobs are refused at once; when it is back, queue and worker go on with what was stored", async () => {
  const directory = await temporaryDirectory();
  const first = await start(directory, { args: durable });
  const lines: string[] = [];
  const queue = open(`redis://127.0.0.1:${first.port}`, lines);
  await queue.enqueue(newJob("before"));
  let woken = 0;
  queue.onWork(() => woken++);

  await first.end();
  await until("the loss to be noticed", () =>
    queue.ping().then(
      () => false,
      () => true,
    ),
  );
  const asked = performance.now();
  await expect(queue.enqueue(newJob("meanwhile"))).rejects.toMatchObject({ code: "TL_QUEUE_UNAVAILABLE" });
  expect(performance.now() - asked).toBeLessThan(2_000);
  const taking = queue.take(1);

  await start(directory, { port: first.port, args: durable });
  expect((await taking).map(({ ticket }) => ticket.ticketId)).toEqual(["T-before"]);
  await until("jobs to be accepted again", () =>
    queue.enqueue(newJob("after")).then(
      () => true,
      () => false,
    ),
  );
  await until("the worker to be woken by them", async () => {
    woken = 0;
    await queue.enqueue(newJob(`more-${performance.now()}`));
    return until("a ring", () => woken > 0, 300).catch(() => false);
  });
  expect(lines.join("")).toContain("Redis cannot be reached");
  expect(lines.join("")).toContain("Redis answers again");
});

test("what a Redis may lose is told with the setting and its value", async () => {
  const { port } = await start(await temporaryDirectory(), { args: ["--maxmemory-policy", "allkeys-lru"] });
  const client = new Redis(port, "127.0.0.1");
  onTestFinished(() => client.disconnect());
  const warnings = await settingsWarnings(client);
  expect(warnings.join("\n")).toMatch(/maxmemory-policy is allkeys-lru/);
  expect(warnings.join("\n")).toMatch(/appendonly is no/);
  await client.config("SET", "maxmemory-policy", "noeviction");
  await client.config("SET", "appendonly", "yes");
  expect(await settingsWarnings(client)).toEqual([expect.stringMatching(/^appendfsync is everysec/)]);
  await client.config("SET", "appendfsync", "always");
  expect(await settingsWarnings(client)).toEqual([]);
});

test("a full Redis refuses jobs and keeps those that it has", async () => {
  const { port } = await start(await temporaryDirectory());
  const queue = open(`redis://127.0.0.1:${port}`);
  await queue.enqueue(newJob("one"));
  const client = new Redis(port, "127.0.0.1");
  onTestFinished(() => client.disconnect());
  await client.config("SET", "maxmemory", "1");
  await expect(queue.enqueue(newJob("two"))).rejects.toMatchObject({ code: "TL_QUEUE_UNAVAILABLE" });
  await client.config("SET", "maxmemory", "0");
  expect(await queue.enqueue(newJob("two"))).toMatchObject({ isNew: true });
  expect((await queue.status()).waiting).toBe(2);
});

test("Sentinel: the queue finds the master, and the next one after a fail-over", async () => {
  const directory = await temporaryDirectory();
  const [a, b] = [await temporaryDirectory(), await temporaryDirectory()];
  const master = await start(a, { args: durable });
  const replica = await start(b, { args: [...durable, "--replicaof", "127.0.0.1", String(master.port)] });
  const client = new Redis(replica.port, "127.0.0.1");
  onTestFinished(() => client.disconnect());
  await until("the replica to follow", async () =>
    (await client.info("replication")).includes("master_link_status:up"),
  );
  const port = await freePort();
  const file = join(directory, "sentinel.conf");
  writeFileSync(
    file,
    [
      `sentinel monitor jobs 127.0.0.1 ${master.port} 1`,
      "sentinel down-after-milliseconds jobs 500",
      "sentinel failover-timeout jobs 5000",
      "",
    ].join("\n"),
  );
  await start(directory, { port, config: file, args: ["--sentinel"] });
  const sentinel = new Redis(port, "127.0.0.1");
  onTestFinished(() => sentinel.disconnect());
  await until("Sentinel to know the replica", async () => {
    const known = (await sentinel.call("SENTINEL", "REPLICAS", "jobs")) as unknown[];
    return known.length === 1;
  });

  const queue = open(`redis+sentinel://127.0.0.1:${port}/jobs`);
  await queue.enqueue(newJob("before"));
  await until("the replica to have it", async () => (await client.exists("{throughline}:jobs")) === 1);
  await master.end();
  await until("the next master to take jobs", () =>
    queue.enqueue(newJob("after")).then(
      () => true,
      () => false,
    ),
  );
  const taken = await queue.take(2);
  expect(new Set(taken.map(({ ticket }) => ticket.ticketId))).toEqual(new Set(["T-before", "T-after"]));
});

test.each([
  ["the only lane, whose job is asked for with the look at it", 1],
  ["one lane of several, whose turn is asked first", 2],
])("a pause holds at every step of a worker that is about to take jobs of %s", async (_, lanes) => {
  const { port } = await start(await temporaryDirectory());
  const direct = open(`redis://127.0.0.1:${port}`);
  const gate = await gateTo(port);
  const slow = open(`redis://127.0.0.1:${gate.port}`);
  if (lanes > 1) await direct.enqueue(newJob("later", { tenant: "other", delayMs: 3_600_000 }));
  let interrupted = 0;
  for (const tenant of [undefined, "acme"])
    for (let step = 0; step < 10; step++) {
      await direct.enqueue(newJob(`${tenant ?? "all"}-${step}`));
      await slow.status();
      gate.close();
      const taking = slow.take(1);
      await gate.letThrough(step);
      await direct.pause(tenant);
      const waiting = await direct.list({ state: "waiting", tenantId: "acme", limit: 10 });
      gate.open();
      const taken = await taking;
      expect(taken).toHaveLength(1 - waiting.length);
      interrupted += waiting.length;
      await direct.resume(tenant);
      for (const { id } of [...taken, ...(await slow.take(1))])
        await slow.complete(id, { status: "success", noteId: "1" });
    }
  expect(interrupted).toBeGreaterThanOrEqual(2 * lanes);
});

/** A way to a port that can be closed, and then lets one write after another through. */
async function gateTo(target: number) {
  const held: (() => void)[] = [];
  let isClosed = false;
  const server = createServer((client) => {
    const upstream = createConnection(target, "127.0.0.1");
    upstream.pipe(client);
    client.on("data", (chunk) => {
      if (isClosed) held.push(() => upstream.write(chunk));
      else upstream.write(chunk);
    });
    for (const socket of [client, upstream]) {
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      isClosed = true;
    },
    letThrough: async (writes: number) => {
      for (let at = 0; at < writes; at++) {
        await until("a write, or the end of them", () => held.length > 0, 100).catch(() => undefined);
        held.shift()?.();
      }
      // What was let through is answered before anything else is asked.
      await until("the next write, or none", () => held.length > 0, 100).catch(() => undefined);
    },
    open: () => {
      isClosed = false;
      for (const write of held.splice(0)) write();
    },
  };
}
