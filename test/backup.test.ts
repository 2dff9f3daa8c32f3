import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, copyFile, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  acceptTicket,
  addTenant,
  adminFetch,
  deskKey,
  isRightEnd,
  jobEnded,
  notesOf,
  run,
  runJson,
  start,
  temporaryDirectory,
} from "./harness.ts";
import { startPostgres, startRedis } from "./servers.ts";

/** Spans of an application, acknowledged one request after the other; their trace ids. */
async function sendSpans(otlp: string, isOver: () => boolean, acknowledged: string[]): Promise<void> {
  while (!isOver()) {
    const ids = Array.from({ length: 20 }, () => randomBytes(16).toString("hex"));
    const spans = ids.map((traceId) => ({ traceId, spanId: traceId.slice(16), name: "work" }));
    const response = await fetch(`${otlp}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
    });
    if (response.ok) acknowledged.push(...ids);
  }
}

interface Drill {
  /** Settings of the system that is backed up, and of the one that it is put into. */
  before: string[];
  after: string[];
}

/** A backup under load, and what comes of it: every ticket and every span that were acknowledged before it began. */
async function drill({ before, after }: Drill): Promise<void> {
  const data = await temporaryDirectory();
  const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
  await addTenant(data, desk.address("desk"), [...before, "--rate", "none"]);
  const up = await start(["up", "--concurrency", "2", ...before], { data });
  const [jobs, traces]: [string[], string[]] = [[], []];
  const over = new AbortController();
  const tickets = (async () => {
    for (let number = 1; !over.signal.aborted; number++, await sleep(20))
      jobs.push((await acceptTicket(up.address("webhook"), `DRILL-${number}`)).job_id);
  })();
  const spans = sendSpans(up.address("otlpHttp"), () => over.signal.aborted, traces);
  await sleep(2_000);
  const [jobsBefore, tracesBefore] = [[...jobs], [...traces]];
  const target = join(data, "backup");
  const made = await runJson<{ files: { path: string }[]; tenantsKey: { file: string } }>([
    "backup",
    target,
    "--data",
    data,
    ...before,
  ]);
  over.abort();
  await Promise.all([tickets, spans]);
  expect(made.tenantsKey.file).toBe(join(data, "tenants.key"));
  expect(made.files.map(({ path }) => path)).not.toContain("tenants.key");
  for (const { path } of made.files) expect((await stat(join(target, path))).mode & 0o077, path).toBe(0);
  const keyFile = join(data, "kept-apart.key");
  await copyFile(join(data, "tenants.key"), keyFile);
  // The machine is lost.
  await up.end("SIGKILL");

  const elsewhere = join(data, "elsewhere");
  const restore = ["restore", target, "--data", elsewhere, ...after];
  const without = await run(restore);
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining("--key-file")]);
  expect(await run([...restore, "--key-file", keyFile])).toMatchObject({ code: 0, stderr: "" });
  const again = await run([...restore, "--key-file", keyFile]);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("TL_RESTORE_TARGET")]);

  const restored = await start(["up", ...after], { data: elsewhere });
  expect(jobsBefore.length).toBeGreaterThan(5);
  for (const [at, id] of jobsBefore.entries()) {
    const ended = await jobEnded(restored.address("admin"), id);
    const notes = await notesOf(desk.address("desk"), `DRILL-${at + 1}`);
    const isSkipped = ended.state === "done" && ended.status === "skipped" && notes.length === 1;
    expect(isRightEnd(ended, notes.length) || isSkipped, JSON.stringify(ended)).toBe(true);
  }
  expect(tracesBefore.length).toBeGreaterThan(50);
  for (const id of tracesBefore) {
    const response = await fetch(`${restored.address("console")}/api/traces/${id}`);
    const { data: found } = (await response.json()) as { data: { spans: unknown[] }[] };
    expect([response.status, found[0]?.spans.length], id).toEqual([200, 1]);
  }
  // Its tenants' secrets open: a new ticket gets its note.
  const fresh = await acceptTicket(restored.address("webhook"), "DRILL-AFTER");
  expect(await jobEnded(restored.address("admin"), fresh.job_id)).toMatchObject({ status: "success" });
}

test("a backup under load restores to every ticket and span that was acknowledged before it", async () => {
  await drill({ before: [], after: [] });
});

test("with PostgreSQL and Redis it does so too", async () => {
  const settings = async () => [
    "--postgres",
    `postgres://test@127.0.0.1:${await startPostgres()}/shop`,
    "--redis",
    `redis://127.0.0.1:${await startRedis()}`,
  ];
  await drill({ before: await settings(), after: await settings() });
});

test("what is no whole backup, or was changed, is refused before anything is written", async () => {
  const data = await temporaryDirectory();
  await addTenant(data, "http://127.0.0.1:9");
  const target = join(data, "backup");
  expect((await run(["backup", target, "--data", data])).code).toBe(0);
  const full = await run(["backup", target, "--data", data]);
  expect([full.code, full.stderr]).toEqual([2, expect.stringContaining("TL_BACKUP_TARGET")]);
  const elsewhere = join(data, "elsewhere");
  const restore = () =>
    run(["restore", target, "--key-file", join(data, "tenants.key"), "--data", elsewhere]);
  const otherKey = join(data, "other.key");
  await writeFile(otherKey, randomBytes(32));
  const wrongKey = await run(["restore", target, "--key-file", otherKey, "--data", elsewhere]);
  expect([wrongKey.code, wrongKey.stderr]).toEqual([2, expect.stringContaining("TL_RESTORE_KEY")]);
  await appendFile(join(target, "throughline.db"), "x");
  const changed = await restore();
  expect([changed.code, changed.stderr]).toEqual([
    1,
    expect.stringContaining("was changed after the backup"),
  ]);
  await rm(join(target, "throughline.db"));
  expect((await restore()).stderr).toContain("is missing");
  const manifest = join(target, "backup.json");
  await writeFile(manifest, (await readFile(manifest, "utf8")).replace('"version": 1', '"version": 2'));
  expect((await restore()).stderr).toContain("reads up to 1");
  await rm(manifest);
  expect((await restore()).stderr).toContain("did not come to its end");
  expect(existsSync(join(elsewhere, "throughline.db"))).toBe(false);
  expect(await readdir(elsewhere)).toEqual(["run"]);
});

test("a backup of the trace backend alone holds no key, and says nothing of one", async () => {
  const data = await temporaryDirectory();
  const traces = await start(["traces"], { data });
  const acknowledged: string[] = [];
  await sendSpans(traces.address("otlpHttp"), () => acknowledged.length > 0, acknowledged);
  const target = join(data, "backup");
  const made = await run(["backup", target, "--data", data]);
  expect([made.code, made.stdout]).toEqual([0, expect.not.stringContaining("tenants' secrets")]);
  await traces.end();
  const elsewhere = join(data, "elsewhere");
  expect((await run(["restore", target, "--data", elsewhere])).code).toBe(0);
  const restored = await start(["traces"], { data: elsewhere });
  for (const id of acknowledged)
    expect((await fetch(`${restored.address("console")}/api/traces/${id}`)).status).toBe(200);
  expect((await adminFetch(restored.address("admin"), "/jobs")).status).toBe(404);
});
