import { Redis } from "ioredis";
import { mkdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { queueContract } from "../packages/enhancer/src/queue/contract/index.ts";
import { until } from "./harness.ts";
import { redisUnderTest } from "./redis-under-test.ts";
import { startRedisIn } from "./servers.ts";

const halves = [
  [0, 8_191],
  [8_192, 16_383],
] as const;

let directory: string;
const shards: Awaited<ReturnType<typeof startRedisIn>>[] = [];
const direct: Redis[] = [];

/** Two shards, each with half of the slots. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-cluster-"));
  for (const name of ["a", "b"]) {
    mkdirSync(join(directory, name));
    shards.push(await startRedisIn(join(directory, name), { args: ["--cluster-enabled", "yes"] }));
  }
  for (const [at, shard] of shards.entries()) {
    const node = new Redis(shard.port, "127.0.0.1");
    direct.push(node);
    await node.cluster("ADDSLOTSRANGE", ...(halves[at] ?? halves[0]));
    await node.call("CLUSTER", "SET-CONFIG-EPOCH", at + 1);
  }
  await direct[0]?.cluster("MEET", "127.0.0.1", shards[1]?.port ?? 0);
  await until("the cluster to be whole", async () => {
    const states = await Promise.all(direct.map((node) => node.cluster("INFO")));
    return states.every(
      (state) => state.includes("cluster_state:ok") && state.includes("cluster_known_nodes:2"),
    );
  });
});

afterAll(async () => {
  for (const node of direct) node.disconnect();
  for (const shard of shards) await shard.end();
  await rm(directory, { recursive: true, force: true });
});

queueContract("two shards of a Redis Cluster", () =>
  redisUnderTest(`redis+cluster://${shards.map(({ port }) => `127.0.0.1:${port}`).join(",")}`, direct),
);
