import { execFileSync, spawn } from "node:child_process";
import { chownSync, mkdirSync, realpathSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryDirectory, until } from "./harness.ts";
import { program } from "./programs.ts";

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
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

/** A PostgreSQL of the test's own with the database `shop`; the server refuses to run as root. */
export async function startPostgres(): Promise<number> {
  const bin = dirname(realpathSync(program("postgres")));
  const port = await freePort();
  const directory = join(await temporaryDirectory(), "data");
  mkdirSync(directory, { mode: 0o700 });
  const user: { uid?: number; gid?: number } = process.getuid?.() === 0 ? userOf("postgres") : {};
  const { uid, gid } = user;
  if (uid !== undefined && gid !== undefined)
    for (const path of [directory, dirname(directory)]) chownSync(path, uid, gid);
  execFileSync(join(bin, "initdb"), ["-D", directory, "-U", "test", "-A", "trust", "--no-sync"], {
    stdio: "ignore",
    ...user,
  });
  const options = ["-D", directory, "-p", String(port), "-h", "127.0.0.1", "-k", directory, "-F"];
  serve(join(bin, "postgres"), options, user);
  await answering(port);
  await until("PostgreSQL to take connections", () => {
    try {
      execFileSync(join(bin, "createdb"), ["-h", "127.0.0.1", "-p", String(port), "-U", "test", "shop"], {
        stdio: "ignore",
      });
      return true;
    } catch {
      return false;
    }
  });
  return port;
}

function userOf(name: string): { uid: number; gid: number } {
  const id = (option: string) => Number(execFileSync("id", [option, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

function serve(path: string, args: readonly string[], user: { uid?: number; gid?: number }): void {
  const child = spawn(path, args, { stdio: "ignore", ...user });
  const closed = new Promise((resolve) => child.once("close", resolve));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await closed;
  });
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
