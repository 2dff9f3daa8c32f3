import { chmodSync, existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acceptTicket, jobEnded, run, runJson, start, startWithDesk, temporaryDirectory } from "./harness.ts";
import { startPostgres, startRedisIn } from "./servers.ts";

interface Report {
  ok: boolean;
  counts: Record<string, number>;
  checks: { id: string; status: string; detail: string; remedy?: string }[];
}

const doctor = (data: string, args: readonly string[] = [], env: Record<string, string> = {}) =>
  runJson<Report>(["doctor", "--data", data, ...args], { env });

test(
  "a healthy system that runs is well in every line, and is as it was afterwards",
  { timeout: 120_000 },
  async () => {
    const { data, up } = await startWithDesk();
    const { job_id: job } = await acceptTicket(up.address("webhook"), "WELL-1");
    await jobEnded(up.address("admin"), job);
    const report = await doctor(data);
    expect(report.checks.filter(({ status }) => status !== "ok")).toEqual([]);
    expect(report.checks.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "versions",
        "disk",
        "files.limit",
        "permissions.data",
        "permissions.keys",
        "traces.damaged",
        "roles",
        "health.up",
        "sampler",
        "batch",
        "otlp.endpoint",
        "redaction",
        "propagation",
        "queue",
        "tenants.key",
        "desk.acme",
        "clock.desk.acme",
        "model",
      ]),
    );
    expect(report.checks.find(({ id }) => id === "propagation")?.detail).toContain("the last 1 jobs");
    const { jobs } = await runJson<{ jobs: object[] }>(["jobs", "list", "--data", data]);
    expect(jobs).toHaveLength(1);
  },
);

test(
  "it works on a stopped system, and says what each line is and what to do",
  { timeout: 120_000 },
  async () => {
    const { data, up } = await startWithDesk();
    await up.end();
    chmodSync(join(data, "tenants.key"), 0o644);
    const { code, stdout } = await run(["doctor", "--data", data]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}skip {2}roles +nothing runs on/m);
    expect(stdout).toMatch(
      /^ {2}ok {4}desk\.acme +servicedesk-plus at 127\.0\.0\.1:\d+ takes the credentials/m,
    );
    expect(stdout).toMatch(
      /^ {2}fail {2}permissions\.keys +\S+tenants\.key can be read by others \(644\)\n +-> chmod 600 /m,
    );
    expect(stdout).toMatch(/^\d+ checks: .*1 fail/m);
  },
);

test(
  "where nothing was ever started it makes nothing, and warnings alone are no failure",
  { timeout: 60_000 },
  async () => {
    const data = join(await temporaryDirectory(), "never");
    const { code, stdout } = await run(["doctor", "--data", data, "--json"], {
      env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" },
    });
    expect(code).toBe(0);
    expect(existsSync(data)).toBe(false);
    const { checks } = JSON.parse(stdout) as Report;
    expect(checks.find(({ id }) => id === "sampler")).toMatchObject({
      status: "warn",
      detail: expect.stringContaining("of 1,000 tickets 900 will have no trace"),
    });
  },
);

test("Redis and PostgreSQL that are set as they should be are well", { timeout: 120_000 }, async () => {
  const data = await temporaryDirectory();
  const args = ["--appendonly", "yes", "--appendfsync", "always"];
  const redis = await startRedisIn(await temporaryDirectory(), { args });
  const stores = [
    "--redis",
    `redis://127.0.0.1:${redis.port}`,
    "--postgres",
    `postgres://test@127.0.0.1:${await startPostgres()}/shop`,
  ];
  await start(["up", ...stores], { data });
  const { stdout } = await run(["doctor", "--data", data, ...stores, "--json"]);
  const { checks } = JSON.parse(stdout) as Report;
  await redis.end();
  const wrong = checks.filter(({ status }) => status === "warn" || status === "fail");
  // The tests' PostgreSQL runs without fsync, which is the one thing to be told.
  expect(wrong.map(({ id }) => id)).toEqual(["postgres.fsync"]);
  for (const id of [
    "redis",
    "clock.redis",
    "redis.persistence",
    "redis.version",
    "postgres",
    "clock.postgres",
  ])
    expect(
      checks.find((check) => check.id === id),
      id,
    ).toMatchObject({ status: "ok" });
  expect(checks.find(({ id }) => id === "propagation")?.detail).toContain("redis queue");
});

test("a setting that cannot be read is wrong use", { timeout: 60_000 }, async () => {
  const data = await temporaryDirectory();
  const { code, stderr } = await run(["doctor", "--data", data, "--retention", "soon"]);
  expect(stderr).toContain("--retention");
  expect(code).toBe(2);
  writeFileSync(join(data, "x"), "");
  expect(readdirSync(data)).toEqual(["x"]);
});
