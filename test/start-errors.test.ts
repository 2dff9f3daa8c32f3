import { createServer } from "node:net";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { run, start, temporaryDirectory } from "./harness.ts";

const free = [
  "--webhook",
  ":0",
  "--admin",
  ":0",
  "--console",
  ":0",
  "--otlp-grpc",
  ":0",
  "--otlp-http",
  ":0",
];

test("a port in use names the port, who holds it, and the flag", { timeout: 120_000 }, async () => {
  const data = await temporaryDirectory();
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  const { port } = holder.address() as { port: number };
  for (const flag of ["--webhook", "--console", "--otlp-grpc", "--otlp-http", "--admin"]) {
    const { code, stderr } = await run(["up", "--data", data, ...free, flag, `127.0.0.1:${port}`]);
    expect(code, flag).toBe(2);
    expect(stderr, flag).toContain(`127.0.0.1:${port}`);
    expect(stderr, flag).toContain(`process ${process.pid} (${basename(process.execPath)})`);
    expect(stderr, flag).toContain(flag);
    expect(stderr, flag).toContain("TL_ADDRESS_IN_USE");
  }
  const simulator = await run(["simulate", "desk", "--data", data, "--listen", `127.0.0.1:${port}`]);
  expect(simulator.code).toBe(2);
  expect(simulator.stderr).toContain(`process ${process.pid}`);
  expect(simulator.stderr).toContain("--listen");
  holder.close();
});

test(
  "a second start on the same data directory says where the first runs",
  { timeout: 120_000 },
  async () => {
    const data = await temporaryDirectory();
    const first = await start(["up"], { data });
    const { code, stderr } = await run(["up", "--data", data, ...free]);
    expect(code).toBe(2);
    expect(stderr).toContain("TL_DATA_DIRECTORY_IN_USE");
    expect(stderr).toContain(first.address("console"));
    expect(stderr).toContain(String(first.ready.pid));
    expect((await fetch(`${first.address("admin")}/readyz`)).status).toBe(200);
  },
);

test.each([
  [["--durability", "maybe"], {}, "--durability", "maybe"],
  [["--retention", "forever"], {}, "--retention", "forever"],
  [["--webhook", "nowhere"], {}, "--webhook", "nowhere"],
  [[], { THROUGHLINE_SLOW_THRESHOLD: "soon" }, "THROUGHLINE_SLOW_THRESHOLD", "soon"],
  [[], { OTEL_TRACES_SAMPLER_ARG: "7" }, "OTEL_TRACES_SAMPLER_ARG", "7"],
  [[], { OPENAI_BASE_URL: "http://127.0.0.1:9/v1" }, "OPENAI_BASE_URL", "OPENAI_API_KEY"],
  [["--no-such-flag"], {}, "--no-such-flag", "unknown option"],
])(
  "a wrong setting stops the start with exit code 2: %j %j",
  { timeout: 120_000 },
  async (args, env, names, and) => {
    const data = await temporaryDirectory();
    const { code, stderr } = await run(["up", "--data", data, ...free, ...args], {
      env: env,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(names);
    expect(stderr).toContain(and);
  },
);

test("a flag beats the environment, which beats .env", { timeout: 120_000 }, async () => {
  const data = await temporaryDirectory();
  await writeFile(join(data, ".env"), "THROUGHLINE_DURABILITY=from-file\nTHROUGHLINE_RETENTION=from-file\n");
  const wrong = (args: string[], env: Record<string, string>) =>
    run(["up", "--data", data, ...free, ...args], { env, cwd: data });
  expect((await wrong([], {})).stderr).toContain("from-file");
  expect(
    (await wrong([], { THROUGHLINE_DURABILITY: "from-environment", THROUGHLINE_RETENTION: "1h" })).stderr,
  ).toContain("from-environment");
  expect(
    (
      await wrong(["--durability", "from-flag"], {
        THROUGHLINE_DURABILITY: "os",
        THROUGHLINE_RETENTION: "1h",
      })
    ).stderr,
  ).toContain("from-flag");
});

test("a data directory of a later version is refused untouched", { timeout: 120_000 }, async () => {
  const data = await temporaryDirectory();
  const { DatabaseSync } = await import("node:sqlite");
  const later = new DatabaseSync(join(data, "throughline.db"));
  later.exec("pragma user_version = 999");
  later.close();
  const { code, stderr } = await run(["tenant", "list", "--data", data]);
  expect(code).toBe(2);
  expect(stderr).toContain("TL_DATA_VERSION_UNKNOWN");
});

test("a command without a running instance says so", { timeout: 120_000 }, async () => {
  const data = await temporaryDirectory();
  const { code, stderr } = await run(["trace", "TICKET-1", "--data", data]);
  expect(code).toBe(1);
  expect(stderr).toContain("TL_NOT_RUNNING");
});
