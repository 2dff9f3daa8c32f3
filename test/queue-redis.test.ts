import { Redis } from "ioredis";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { queueContract } from "../packages/enhancer/src/queue/contract/index.ts";
import { redisUnderTest } from "./redis-under-test.ts";
import { startRedisIn } from "./servers.ts";

let directory: string;
let server: Awaited<ReturnType<typeof startRedisIn>>;
let direct: Redis;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-redis-"));
  server = await startRedisIn(directory);
  direct = new Redis(server.port, "127.0.0.1");
});

afterAll(async () => {
  direct.disconnect();
  await server.end();
  await rm(directory, { recursive: true, force: true });
});

queueContract("Redis", () => redisUnderTest(`redis://127.0.0.1:${server.port}`, [direct]));
