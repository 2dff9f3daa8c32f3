import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { root } from "../scripts/pack/packages.ts";
import { temporaryDirectory, until } from "./harness.ts";
import { freePort } from "./servers.ts";

const npm = { encoding: "utf8" } as const;
let directory: string;
let tarballs: string;

// One installation for all: an empty directory, the tarballs, and what checks types.
beforeAll(async () => {
  tarballs = await mkdtemp(join(tmpdir(), "throughline-test-"));
  execFileSync("npm", ["run", "--silent", "pack", "--", tarballs], { cwd: root, ...npm });
  directory = await mkdtemp(join(tmpdir(), "throughline-test-"));
  await writeFile(
    join(directory, "package.json"),
    JSON.stringify({ private: true, type: "module", allowScripts: { node: true } }),
  );
  const packed = readdirSync(tarballs).map((name) => join(tarballs, name));
  if (packed.length !== 6) throw new Error(`packed were ${packed.join(", ")}`);
  const wanted = [...packed, "typescript@7", "@types/node@24"];
  execFileSync("npm", ["install", "--no-audit", "--no-fund", ...wanted], { cwd: directory, ...npm });
}, 600_000);

afterAll(async () => {
  for (const path of [tarballs, directory]) await rm(path, { recursive: true, force: true });
});

/** Settings and the checkout's programs of whoever runs the tests are not there. */
const env = {
  HOME: process.env["HOME"] ?? "",
  PATH: (process.env["PATH"] ?? "")
    .split(":")
    .filter((path) => !path.startsWith(root))
    .join(":"),
};

test("npx throughline answers its version from the installed package, with no source beside it", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  expect(execFileSync("npx", ["throughline", "--version"], { cwd: directory, env, ...npm }).trim()).toBe(
    version,
  );
  for (const name of ["api", "cli", "enhancer", "redaction", "traces", "tracing"]) {
    const installed = join(directory, "node_modules/@throughline", name);
    expect(existsSync(join(installed, "src")), name).toBe(false);
    expect(existsSync(join(installed, "LICENSE")), name).toBe(true);
    const manifest = readFileSync(join(installed, "package.json"), "utf8");
    expect(JSON.parse(manifest)).not.toHaveProperty("private");
    const files = readdirSync(installed, { recursive: true, encoding: "utf8" });
    expect(
      files.filter((file) => /\.test\.|(?<!\.d)\.ts$/.test(file) && !file.includes("node_modules")),
    ).toEqual([]);
  }
});

test(
  "the installed command runs the whole product: healthy, with its console, and a ticket goes the whole way",
  { timeout: 300_000 },
  async () => {
    const data = await temporaryDirectory();
    const ready = join(data, "ready.json");
    const parts = [
      "webhook",
      "admin",
      "console",
      "otlp-grpc",
      "otlp-http",
      "query-grpc",
      "zipkin",
      "jaeger-thrift",
      "jaeger-compact",
      "jaeger-binary",
    ];
    const ports: string[] = [];
    for (const part of parts) ports.push(`--${part}`, `127.0.0.1:${await freePort()}`);
    const command = join(directory, "node_modules/.bin/throughline");
    const up = spawn(command, ["up", "--data", data, "--ready-file", ready, ...ports], {
      cwd: directory,
      env,
    });
    let output = "";
    for (const stream of [up.stdout, up.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
    const closed = new Promise<number | null>((resolve) => up.once("close", resolve));
    onTestFinished(async () => {
      up.kill("SIGKILL");
      await closed;
    });
    await until("throughline up to be ready", () => {
      if (up.exitCode !== null) throw new Error(output);
      return existsSync(ready);
    });
    const at = JSON.parse(readFileSync(ready, "utf8")) as { admin: string; console: string };
    expect((await fetch(`${at.admin}/healthz`)).status).toBe(200);
    const page = await fetch(`${at.console}/`);
    const script = /<script[^>]* src="([^"]+)"/.exec(await page.text())?.[1];
    expect((await fetch(new URL(script ?? "none", at.console))).headers.get("content-type")).toContain(
      "javascript",
    );
    const verified = execFileSync(command, ["verify", "--data", data], { cwd: directory, env, ...npm });
    expect(verified).not.toMatch(/\bfail\b/i);
    up.kill("SIGTERM");
    expect(await closed, output).toBe(0);
  },
);

test("where npm ran no installers the machine's own Node starts the command, if it is new enough", async () => {
  const [installed, aside] = [join(directory, "node_modules/node"), join(directory, "node-aside")];
  const command = join(directory, "node_modules/.bin/throughline");
  const programs = await temporaryDirectory();
  for (const name of ["sh", "readlink"]) await symlink(`/bin/${name}`, join(programs, name));
  const version = () =>
    spawnSync(command, ["--version"], { env: { HOME: env.HOME, PATH: programs }, encoding: "utf8" });
  await rename(installed, aside);
  try {
    expect(version()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("TL_RUNTIME_MISSING") as string,
    });
    await symlink(join(aside, "bin/node"), join(programs, "node"));
    expect(version()).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) as string });
  } finally {
    await rename(aside, installed);
  }
});

test("the installed libraries are imported, and their types are found", async () => {
  const script =
    'import { createRedactor } from "@throughline/redaction";' +
    'import { jobView } from "@throughline/api";' +
    'import { openStore } from "@throughline/enhancer";' +
    'import { createTraceBackend } from "@throughline/traces";' +
    'import { initTracerProvider } from "@throughline/tracing";' +
    "console.log([createRedactor, openStore, createTraceBackend, initTracerProvider].map((one) => typeof one).join(), typeof jobView.parse);";
  const node = join(directory, "node_modules/node/bin/node");
  const printed = execFileSync(node, ["--input-type=module", "--eval", script], {
    cwd: directory,
    env,
    ...npm,
  });
  expect(printed.trim()).toBe("function,function,function,function function");

  await writeFile(
    join(directory, "consumer.ts"),
    [
      'import { createRedactor, type Redactor } from "@throughline/redaction";',
      'import { type JobView, jobView } from "@throughline/api";',
      'import { errorTable } from "@throughline/api/errors";',
      'import { type EnhancerStore, openStore } from "@throughline/enhancer";',
      'import { createTraceBackend, type TraceBackendConfig } from "@throughline/traces";',
      'import { initTracerProvider } from "@throughline/tracing";',
      "export const redactor: Redactor = createRedactor();",
      "export const job: JobView = jobView.parse({});",
      'export const store: Promise<EnhancerStore> = openStore("x", { postgres: undefined, redis: undefined });',
      'export const directory: TraceBackendConfig["dataDirectory"] = "x";',
      "export const used = [createTraceBackend, initTracerProvider, errorTable];",
      "// Where types were not found all of these would be `any`, and nothing an error.",
      ...[
        "const a: number = createRedactor();",
        "const b: number = jobView.parse({});",
        "const c: number = openStore;",
        "const d: number = createTraceBackend;",
        "const e: number = initTracerProvider;",
        "const f: number = errorTable;",
      ].flatMap((line) => ["// @ts-expect-error", `export ${line}`]),
    ].join("\n"),
  );
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--skipLibCheck"];
  const tsc = join(directory, "node_modules/.bin/tsc");
  expect(() =>
    execFileSync(node, [tsc, ...options, "--types", "node", "consumer.ts"], { cwd: directory, ...npm }),
  ).not.toThrow();
});

test("no advisory is known against what is shipped that is not explained; where nobody can be asked that is said", () => {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", "advisories"], {
    cwd: root,
    encoding: "utf8",
  });
  process.stderr.write(stderr);
  expect(status === 3 || status === 0, stderr).toBe(true);
  expect(stdout + stderr).toMatch(
    status === 3
      ? /could not be asked for advisories: nothing is known/
      : /^\d+ advisories, 0 of them not explained$/m,
  );
});
