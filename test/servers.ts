import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdirSync, realpathSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory, until } from "./harness.ts";
import { program } from "./programs.ts";

/** Below what Linux gives to outgoing connections (32768 and up): nobody else is given it while its server is away. */
const [lowestPort, portsPerWorker] = [20_000, 1_000];
let portsTaken = Math.floor(Math.random() * portsPerWorker);

/** Free now, and kept for this test's server through its restarts; each worker of the run has ports of its own. */
export async function freePort(): Promise<number> {
  const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % 12;
  for (let tried = 0; tried < portsPerWorker; tried++) {
    const port = lowestPort + worker * portsPerWorker + (portsTaken++ % portsPerWorker);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free from ${lowestPort + worker * portsPerWorker} on`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** A Redis of the test's own, ended by its process id. */
export async function startRedis(): Promise<number> {
  const port = await freePort();
  const directory = await temporaryDirectory();
  const options = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    directory,
    "--save",
    "",
    "--appendonly",
    "no",
  ];
  serve(program("redis-server"), options, {});
  await answering(port);
  return port;
}

/** A Redis that keeps its file in a directory, for tests that end it and start it again on the same port. The caller ends it. */
export async function startRedisIn(
  directory: string,
  options: { port?: number; config?: string; args?: readonly string[] } = {},
) {
  const port = options.port ?? (await freePort());
  const { config } = options;
  const every = [
    ...(config === undefined ? [] : [config]),
    ...(config === undefined ? ["--save", ""] : []),
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    directory,
  ];
  const child = spawn(program("redis-server"), [...every, ...(options.args ?? [])], { stdio: "ignore" });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await closed;
  };
  try {
    await answering(port);
  } catch (error) {
    await end();
    throw error;
  }
  return { port, end };
}

/** A PostgreSQL of the test's own with the database `shop`; the server refuses to run as root. */
export async function startPostgres(): Promise<number> {
  const { port } = await startPostgresIn(join(await temporaryDirectory(), "data"));
  return port;
}

/**
 * A PostgreSQL in a directory, made where it is missing; the same server again where it is not. `end` kills it; it ends with the
 * test, or as `afterwards` says for a server that several tests share.
 */
export async function startPostgresIn(
  directory: string,
  wanted?: number,
  afterwards: (end: () => Promise<void>) => void = onTestFinished,
) {
  const bin = dirname(realpathSync(program("postgres")));
  const port = wanted ?? (await freePort());
  const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? userOf("postgres") : {};
  const { uid, gid } = user;
  if (!existsSync(directory)) {
    mkdirSync(directory, { mode: 0o700 });
    if (uid !== undefined && gid !== undefined)
      for (const path of [directory, dirname(directory)]) chownSync(path, uid, gid);
    execFileSync(join(bin, "initdb"), ["-D", directory, "-U", "test", "-A", "trust", "--no-sync"], {
      stdio: "ignore",
      ...user,
    });
  }
  const options = ["-D", directory, "-p", String(port), "-h", "127.0.0.1", "-k", directory, "-F"];
  const end = serve(join(bin, "postgres"), options, user, afterwards);
  await answering(port);
  const asked = ["-h", "127.0.0.1", "-p", String(port), "-U", "test"];
  await until("PostgreSQL to take connections", () => {
    const known = spawnSync(join(bin, "psql"), [
      ...asked,
      "-Atc",
      "select datname from pg_database",
      "postgres",
    ]);
    if (known.status !== 0) return false;
    if (!String(known.stdout).split("\n").includes("shop"))
      execFileSync(join(bin, "createdb"), [...asked, "shop"], { stdio: "ignore" });
    return true;
  });
  return { port, url: `postgres://test@127.0.0.1:${port}/shop`, end };
}

function userOf(name: string): { uid: number; gid: number } {
  const id = (option: string) => Number(execFileSync("id", [option, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/** Ended with the test, by its process id; earlier by what it returns. */
export function serve(
  path: string,
  args: readonly string[],
  user: { uid?: number; gid?: number },
  afterwards: (end: () => Promise<void>) => void = onTestFinished,
): () => Promise<void> {
  const child = spawn(path, args, { stdio: "ignore", ...user });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await closed;
  };
  afterwards(end);
  return end;
}

function answering(port: number): Promise<boolean> {
  return until(`port ${port} to answer`, () => {
    return new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.unref();
      setTimeout(() => socket.destroy(), 1_000).unref();
    });
  });
}
