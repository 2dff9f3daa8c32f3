import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory, until } from "./harness.ts";

const root = new URL("../", import.meta.url).pathname;
const dockerfile = readFileSync(join(root, "Dockerfile"), "utf8");

/** Instructions of one stage, continued lines joined. */
function stage(name: string): string[] {
  const stages = dockerfile.replaceAll("\\\n", "").split(/^FROM /m);
  const found = stages.find((text) => text.split("\n")[0]?.endsWith(` AS ${name}`));
  if (found === undefined) throw new Error(`no stage ${name}`);
  return found.split("\n").slice(1);
}

/** What `COPY . .` sees: the repository's files, without what .dockerignore leaves out (the last line that matches decides). */
function buildContext(): string[] {
  const rules = readFileSync(join(root, ".dockerignore"), "utf8").trim().split("\n");
  const isIgnored = (file: string) => {
    let ignored = false;
    for (const rule of rules) {
      const pattern = rule.replace(/^!/, "");
      const parents = file.split("/").map((_, at, parts) => parts.slice(0, at + 1).join("/"));
      if (parents.some((path) => matchesGlob(path, pattern))) ignored = !rule.startsWith("!");
    }
    return ignored;
  };
  return execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  })
    .trim()
    .split("\n")
    .filter((file) => !isIgnored(file) && existsSync(join(root, file)));
}

test("the image is of two exact bases, runs as nobody in particular, and holds no secret", () => {
  expect(dockerfile).toMatch(/^ARG BUILD_IMAGE=node:24\.\d+\.\d+-trixie-slim$/m);
  expect(dockerfile).toMatch(/^ARG RUN_IMAGE=debian:13\.\d+-slim$/m);
  expect(dockerfile).toMatch(/^USER 10001:10001$/m);
  expect(dockerfile).toMatch(/Not built where this project is developed/);
  const context = buildContext();
  expect(context).toContain("package-lock.json");
  expect(context).toContain("apps/cli/src/demo/data/docs/vpn.md");
  expect(context.filter((file) => /(^|\/)\.env|\.test\.ts$|^(test|docs|deploy)\//.test(file))).toEqual([]);
});

test(
  "what the image's steps make starts as another user, who may write only its data",
  { timeout: 300_000 },
  async () => {
    const directory = await temporaryDirectory();
    const app = join(directory, "app");
    for (const file of buildContext()) {
      mkdirSync(dirname(join(app, file)), { recursive: true });
      cpSync(join(root, file), join(app, file));
    }
    const commands = stage("product").flatMap((line) => /^RUN (.*)$/.exec(line)?.slice(1) ?? []);
    expect(commands.join(" ")).toContain("npm ci --omit=dev");
    for (const command of commands) execFileSync("sh", ["-c", command], { cwd: app, stdio: "ignore" });
    cpSync(join(root, "apps/console/dist"), join(app, "apps/console/dist"), { recursive: true });
    // Neither the compilers nor the tests' tools came along.
    for (const tool of ["typescript", "vitest", "vite", "react", "playwright-core"])
      expect(existsSync(join(app, "node_modules", tool)), tool).toBe(false);
    const megabytes = Number(execFileSync("du", ["-sm", app], { encoding: "utf8" }).split("\t")[0]);
    expect(megabytes).toBeLessThan(300);

    const data = join(directory, "data");
    mkdirSync(data);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) {
      chmodSync(directory, 0o755);
      // As Kubernetes gives a volume to a pod: root's, and open to its group.
      chownSync(data, 0, 10_001);
      chmodSync(data, 0o2775);
    }
    const ports = [
      "admin",
      "console",
      "query-grpc",
      "otlp-grpc",
      "otlp-http",
      "zipkin",
      "jaeger-thrift",
      "jaeger-compact",
      "jaeger-binary",
      "webhook",
    ].map((name) => `--${name}=127.0.0.1:0`);
    const ready = join(data, "ready.json");
    const child = spawn(join(app, "node_modules/.bin/throughline"), ["up", "--ready-file", ready, ...ports], {
      cwd: app,
      env: { PATH: "/usr/bin:/bin", THROUGHLINE_DATA: data, NODE_COMPILE_CACHE: join(data, "compiled") },
      ...(isRoot ? { uid: 10_001, gid: 10_001 } : {}),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (chunk) => (output += String(chunk)));
    child.stderr.on("data", (chunk) => (output += String(chunk)));
    const closed = new Promise((resolve) => child.once("close", resolve));
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await closed;
    });
    await until("the image's command to be ready", () => {
      if (child.exitCode !== null) throw new Error(output);
      return existsSync(ready);
    });
    const addresses = JSON.parse(readFileSync(ready, "utf8")) as Record<string, string>;
    const page = await fetch(`${addresses["console"]}/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("<!doctype html>");
    expect((await fetch(`${addresses["admin"]}/readyz`)).status).toBe(200);
  },
);
