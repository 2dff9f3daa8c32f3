import { sql } from "kysely";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openPostgres } from "../packages/enhancer/src/database/postgres.ts";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  notesOf,
  postTicket,
  run,
  runJson,
  start,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { freePort, startPostgresIn } from "./servers.ts";

const readiness = async (admin: string) => {
  const response = await fetch(`${admin}/readyz`);
  return { status: response.status, text: await response.text() };
};

test("a start without PostgreSQL says so, is not ready, and goes on once it is there; an outage is survived", async () => {
  const data = await temporaryDirectory();
  const port = await freePort();
  const directory = join(await temporaryDirectory(), "data");
  const env = { THROUGHLINE_POSTGRES: `postgres://test:hush-hush@127.0.0.1:${port}/shop` };
  const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
  const up = await start(["up"], { data, env });
  const admin = up.address("admin");

  const away = await readiness(admin);
  expect(away.status).toBe(503);
  expect(away.text).toContain(`127.0.0.1:${port}/shop`);
  await until("the log to tell", () => up.output().includes("TL_DATABASE_UNAVAILABLE"));
  expect((await postTicket(up.address("webhook"), { ticket_id: "T-1" })).status).toBeGreaterThanOrEqual(500);

  const server = await startPostgresIn(directory, port);
  await until("the instance to be ready", async () => (await readiness(admin)).status === 200);
  await until("the log to tell", () => up.output().includes("the database is reached"));
  await addTenant(data, desk.address("desk"), ["--postgres", server.url]);
  const { job_id: job } = await acceptTicket(up.address("webhook"), "T-2");
  expect(await jobEnded(admin, job)).toMatchObject({ state: "done", status: "success" });
  expect(await notesOf(desk.address("desk"), "T-2")).toHaveLength(1);

  await server.end();
  await until("the outage to show", async () => (await readiness(admin)).status === 503);
  await startPostgresIn(directory, port);
  await until("the instance to be ready again", async () => (await readiness(admin)).status === 200);
  const { job_id: later } = await acceptTicket(up.address("webhook"), "T-3");
  expect(await jobEnded(admin, later)).toMatchObject({ state: "done" });
  expect(await jobEnded(admin, later)).toMatchObject({ status: "success" });

  const forgotten = await run(["tenant", "list", "--data", data]);
  expect(forgotten.code).toBe(2);
  expect(forgotten.stderr).toContain(`127.0.0.1:${port}/shop`);
  expect(up.output() + forgotten.stderr).not.toContain("hush-hush");
});

test("processes that start at once on an empty database find one schema", async () => {
  const { url } = await startPostgresIn(join(await temporaryDirectory(), "data"));
  const directories = await Promise.all([1, 2, 3, 4].map(() => temporaryDirectory()));
  const lists = await Promise.all(
    directories.map((data) =>
      runJson<{ tenants: unknown[] }>(["tenant", "list", "--data", data, "--postgres", url]),
    ),
  );
  expect(lists.map(({ tenants }) => tenants)).toEqual([[], [], [], []]);
});

test("a wrong URL stops the command, and its password is nowhere", async () => {
  const data = await temporaryDirectory();
  for (const url of ["mysql://u:hush-hush@h/d", "postgres://u:hush-hush/@h:port/d"]) {
    const { code, stderr } = await run(["tenant", "list", "--data", data, "--postgres", url]);
    expect(code).toBe(2);
    expect(stderr).toContain("--postgres");
    expect(stderr).not.toContain("hush-hush");
  }
});

test("a connection that is cut between two statements of a transaction fails that transaction, not the process", async () => {
  const server = await startPostgresIn(join(await temporaryDirectory(), "data"), await freePort());
  const database = openPostgres(server.url);
  onTestFinished(() => database.destroy());
  const broken: unknown[] = [];
  const onUncaught = (error: unknown) => broken.push(error);
  process.on("uncaughtException", onUncaught);
  onTestFinished(() => void process.off("uncaughtException", onUncaught));
  const transaction = database.transaction().execute(async (within) => {
    await sql`select 1`.execute(within);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where state = 'idle in transaction'`.execute(
      database,
    );
    await sleep(300);
    await sql`select 1`.execute(within);
  });
  await expect(transaction).rejects.toMatchObject({ code: "TL_DATABASE_UNAVAILABLE" });
  expect(broken).toEqual([]);
  expect((await sql<{ one: number }>`select 1 as one`.execute(database)).rows).toEqual([{ one: 1 }]);
});
