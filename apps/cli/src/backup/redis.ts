import { ThroughlineError } from "@throughline/api";
import { copyQueue, queueServerOf } from "@throughline/enhancer/transfer";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Environment, notRun, runTool } from "./run-tool.ts";

/** The whole server as of one moment, as its own replicas get it (RDB). */
export async function dumpRedis(url: string, file: string, environment: Environment): Promise<void> {
  const { host, port, tls, username, password } = await queueServerOf(url);
  const server = ["-h", host, "-p", String(port), ...(tls ? ["--tls"] : [])];
  const user = username === undefined ? [] : ["--user", username];
  await runTool(
    "redis-cli",
    [...server, ...user, "--rdb", file],
    password === undefined ? environment : { ...environment, REDISCLI_AUTH: password },
  );
}

/** The queue's keys out of such a snapshot, read by a server of its own; how many. */
export async function restoreRedis(url: string, file: string): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), "throughline-restore-"));
  const socket = join(directory, "redis.sock");
  const settings = {
    // Nobody else of the machine may read it: it answers in the directory only.
    port: "0",
    unixsocket: socket,
    dir: dirname(file),
    dbfilename: basename(file),
    // It only reads: nothing of it is written anywhere.
    save: "",
    appendonly: "no",
    pidfile: join(directory, "pid"),
    logfile: join(directory, "log"),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn("redis-server", args, { stdio: "ignore" });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => reject(notRun("redis-server", error)));
    child.once("exit", (code) =>
      reject(
        new ThroughlineError(
          "TL_BACKUP_FAILED",
          `redis-server ended with ${String(code)}: it may be older than the Redis that ${file} comes from.`,
        ),
      ),
    );
  });
  try {
    return await Promise.race([copyQueue(socket, url), failed]);
  } finally {
    child.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
}
