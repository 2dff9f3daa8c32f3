import { Redis } from "ioredis";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { newDirectory, run, secret, start, type Started } from "./processes.ts";

export interface Surroundings {
  /** The data directory. */
  path: string;
  /** What receiver and worker are started with. */
  flags: string[];
  redisUrl: string | undefined;
  /** Where traces are asked for. */
  console: string;
  stop(): Promise<void>;
}

/**
 * A desk that does not wait for its disk, a tenant, a trace backend and perhaps a Redis, around what is measured. `queue` is `sqlite`,
 * `redis` (as durable as the file that SQLite has: each answer follows an fsync) or `redis-everysec` (fsync each second).
 */
export async function surroundings(queue: string): Promise<Surroundings> {
  const directory = newDirectory();
  const [kind, appendfsync = "always"] = queue.split("-");
  const redis = kind === "redis" ? await startRedis(directory.path, appendfsync) : undefined;
  const desk = await start(["simulate", "desk", "--no-sync"], directory.path);
  const tenant = ["tenant", "add", "bench", "--secret", secret];
  const settings = ["--desk", desk.ready["desk"] ?? "", "--desk-key", "k", "--rate", "none"];
  await run([...tenant, ...settings, "--data", directory.path]);
  const traces = await start(["traces"], directory.path);
  return {
    path: directory.path,
    flags: redis === undefined ? [] : ["--redis", redis.url],
    redisUrl: redis?.url,
    console: traces.ready["console"] ?? "",
    stop: async () => {
      for (const process of [traces, desk]) await process.stop();
      await redis?.stop();
      directory.remove();
    },
  };
}

export async function startRedis(
  directory: string,
  appendfsync = "always",
): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const durable = ["--save", "", "--appendonly", "yes", "--appendfsync", appendfsync, "--dir", directory];
  const child: ChildProcess = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", ...durable],
    { stdio: "ignore" },
  );
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const client = new Redis(port, "127.0.0.1");
  await client.ping();
  client.disconnect();
  const stop = async () => {
    child.kill("SIGTERM");
    await closed;
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** How many jobs have not ended, as the admin API says. */
export async function unended({ ready, token }: Started): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${ready["admin"] ?? ""}/admin/api/queue`, { headers });
  const { waiting, active } = (await response.json()) as { waiting: number; active: number };
  return waiting + active;
}
