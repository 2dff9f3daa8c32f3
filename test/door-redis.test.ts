import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { parseRedisAddress } from "../packages/enhancer/src/queue/redis/address.ts";
import { connect } from "../packages/enhancer/src/queue/redis/clients.ts";
import { RedisRateLimiter } from "../packages/enhancer/src/receive/rate/redis-rate-limiter.ts";
import { randomNumbers, rounds, seed } from "../packages/traces/test/rounds.ts";
import { jobs, postSigned, raw, startReceiver, ticket } from "./door.ts";
import { run, until } from "./harness.ts";
import { startRedis } from "./servers.ts";

interface Taken {
  sent: number;
  received: number;
}

test("two limiters on one Redis never take more than the limit in any window, and refuse only when it is spent", async () => {
  const port = await startRedis();
  const client = () => connect(parseRedisAddress(`redis://127.0.0.1:${port}`), "worker");
  const ofMs = 400;
  const clients = [client(), client()];
  const limiters = clients.map((one) => new RedisRateLimiter(one, ofMs));
  const random = randomNumbers(seed);
  process.stdout.write(`seed ${seed}\n`);
  const clock = () => performance.now();
  for (let round = 0; round < rounds(60); round++) {
    const limit = 1 + random(12);
    const key = `round-${round}`;
    const allowed: Taken[] = [];
    const refused: Taken[] = [];
    const sender = async (limiter: RedisRateLimiter) => {
      for (let at = 0; at < 40; at++) {
        const sent = clock();
        const { isAllowed, remaining } = await limiter.take(key, limit);
        expect(remaining).toBeLessThan(limit);
        (isAllowed ? allowed : refused).push({ sent, received: clock() });
        if (random(3) === 0) await sleep(random(40));
      }
    };
    await Promise.all(limiters.flatMap((limiter) => [sender(limiter), sender(limiter)]));
    // Each was counted at some time between its sending and its answer.
    const bySent = allowed.toSorted((a, b) => a.sent - b.sent);
    const tooMany = bySent
      .slice(limit)
      .filter(({ received }, at) => received - (bySent[at]?.sent ?? 0) < ofMs);
    expect(tooMany, `limit ${limit}`).toEqual([]);
    const wrongly = refused.filter(
      (one) =>
        allowed.filter(({ sent, received }) => received > one.sent - ofMs && sent < one.received).length <
        limit,
    );
    expect(wrongly, `limit ${limit}`).toEqual([]);
    const { isAllowed, resetMs } = await limiterAt(limiters, 0).take(key, limit);
    await sleep(isAllowed ? ofMs : resetMs + 2);
    expect((await limiterAt(limiters, 1).take(key, limit)).isAllowed).toBe(true);
  }
  for (const one of clients) one.disconnect();
});

function limiterAt(limiters: readonly RedisRateLimiter[], at: number): RedisRateLimiter {
  const limiter = limiters[at];
  if (limiter === undefined) throw new Error(`no limiter ${at}`);
  return limiter;
}

test("two receivers on one Redis share rates and deliveries; without Redis they answer 503 and keep nothing", async () => {
  const port = await startRedis();
  const redis = `redis://127.0.0.1:${port}`;
  const flags = ["--redis", redis];
  const limited = { settings: { webhook: { ratePerMinute: 20 } } };
  const free = { settings: { webhook: { ratePerMinute: null } } };
  const one = await startReceiver({ flags, tenants: { acme: limited, free } });
  const two = await startReceiver({ flags, data: one.data });
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, at) =>
      postSigned(at % 2 === 0 ? one.url : two.url, ticket({ ticket_id: `R-${at}` })),
    ),
  );
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(20);
  expect(answers.filter(({ body }) => body.code === "TL_RATE_LIMITED")).toHaveLength(40);

  const same = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      postSigned(at % 2 === 0 ? one.url : two.url, ticket({ ticket_id: "SAME-1", tenant_id: "free" })),
    ),
  );
  expect(new Set(same.map(({ body }) => body.job_id)).size).toBe(1);
  expect(same.filter(({ headers }) => headers.get("idempotency-replayed") === null)).toHaveLength(1);
  expect(await jobsOnRedis(redis, one.data)).toHaveLength(21);
  expect(await jobs(one.data)).toHaveLength(0);

  await raw(`http://127.0.0.1:${port}`, "SHUTDOWN NOSAVE\r\n");
  await until("503", async () => {
    const { status, body, headers } = await postSigned(
      one.url,
      ticket({ ticket_id: "AWAY-1", tenant_id: "free" }),
    );
    if (status !== 503) return false;
    expect(body.code).toBe("TL_QUEUE_UNAVAILABLE");
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    return true;
  });
});

async function jobsOnRedis(redis: string, data: string): Promise<unknown[]> {
  const { stdout } = await run([
    "jobs",
    "list",
    "--limit",
    "1000",
    "--json",
    "--data",
    data,
    "--redis",
    redis,
  ]);
  return (JSON.parse(stdout) as { jobs: unknown[] }).jobs;
}
