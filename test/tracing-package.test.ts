import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { type JaegerSpan, start, tag, temporaryDirectory, until } from "./harness.ts";
import { freePort, startRedis } from "./servers.ts";

const library = new URL("../packages/tracing/", import.meta.url).pathname;
const npm = { encoding: "utf8" } as const;
let tarball: string;

beforeAll(() => {
  const before = readFileSync(join(library, "package.json"), "utf8");
  const listed = execFileSync("npm", ["pack", "--json", "--silent"], { cwd: library, ...npm });
  if (readFileSync(join(library, "package.json"), "utf8") !== before)
    throw new Error("npm pack left package.json changed");
  const [packed] = JSON.parse(listed.slice(listed.indexOf("["))) as { filename: string }[];
  tarball = join(library, packed?.filename ?? "");
});

/** An empty project with the tarball and what the quick starts need, on one version of Node. */
async function project(node: string): Promise<string> {
  const directory = await temporaryDirectory();
  await writeFile(
    join(directory, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      allowScripts: { node: true, "msgpackr-extract": false },
    }),
  );
  const wanted = [tarball, "fastify@5", "bullmq@5", `node@${node}`, "typescript@7", "@types/node@24"];
  execFileSync("npm", ["install", "--no-audit", "--no-fund", ...wanted], { cwd: directory, ...npm });
  for (const name of ["fastify.mjs", "bullmq.mjs"])
    await copyFile(join(library, "quickstart", name), join(directory, name));
  return directory;
}

function runScript(directory: string, script: string, env: Record<string, string>) {
  const child = spawn(join(directory, "node_modules/node/bin/node"), [script], {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "", OTEL_BSP_SCHEDULE_DELAY: "100", ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  onTestFinished(() => void child.kill("SIGKILL"));
  return { output: () => output };
}

async function spansOf(console: string, service: string, enough: number): Promise<JaegerSpan[]> {
  return until(`spans of ${service}`, async () => {
    const answer = await fetch(`${console}/api/traces?service=${service}`);
    const { data } = (await answer.json()) as { data: { spans: JaegerSpan[] }[] | null };
    const spans = (data ?? []).flatMap((trace) => trace.spans);
    return spans.length >= enough ? spans : undefined;
  });
}

test("the README shows the quick starts as they are", () => {
  const readme = readFileSync(join(library, "README.md"), "utf8");
  for (const name of ["fastify.mjs", "bullmq.mjs"]) {
    const source = readFileSync(join(library, "quickstart", name), "utf8");
    expect(
      source
        .trim()
        .split("\n")
        .filter((line) => line !== "").length,
    ).toBeLessThanOrEqual(10);
    expect(readme).toContain(`\`\`\`js\n${source.trim()}\n\`\`\``);
  }
});

// The newest that the workspace runs on, and the oldest that the package claims.
test.each(["24", "22.15.0"])(
  "the tarball works alone in an empty project on Node %s: quick starts and types",
  { timeout: 300_000 },
  async (node) => {
    const directory = await project(node);
    const data = await temporaryDirectory();
    const traces = await start(["traces"], { data });
    const endpoint = `http://${traces.address("otlpGrpc")}`;

    const port = await freePort();
    const server = runScript(directory, "fastify.mjs", {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      PORT: String(port),
    });
    await until(`the server: ${server.output()}`, () => server.output().includes(`:${port}`));
    const traceparent = `00-${"c".repeat(32)}-${"d".repeat(16)}-01`;
    const answer = await fetch(`http://127.0.0.1:${port}/orders/7?token=abcdefgh12`, {
      headers: { traceparent },
    });
    expect(await answer.json()).toEqual({ id: "7" });
    const [request] = await spansOf(traces.address("console"), "shop", 1);
    expect(request).toMatchObject({ operationName: "GET /orders/:id", traceID: "c".repeat(32) });
    expect(tag(request, "http.response.status_code")).toBe(200);
    expect(tag(request, "url.query")).toBe("token=[REDACTED]");

    const redis = await startRedis();
    const worker = runScript(directory, "bullmq.mjs", {
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      REDIS_URL: `redis://127.0.0.1:${redis}`,
    });
    await until("the job", () => worker.output().includes("sent to ada"));
    const spans = await spansOf(traces.address("console"), "mail", 2);
    const sent = spans.find((span) => span.operationName === "send mail");
    const processed = spans.find((span) => span.operationName === "process mail");
    expect(processed?.traceID).toBe(sent?.traceID);
    expect(processed?.references).toContainEqual({
      refType: "CHILD_OF",
      traceID: sent?.traceID,
      spanID: sent?.spanID,
    });

    await writeFile(
      join(directory, "consumer.ts"),
      `import { initTracerProvider, extractCarrier, type Tracing } from "@throughline/tracing";\n` +
        `import { logCorrelation } from "@throughline/tracing/pino";\n` +
        `import { createRedactor } from "@throughline/tracing/redaction";\n` +
        `export const tracing: Tracing = initTracerProvider({ serviceName: "x", redactor: createRedactor() });\n` +
        `extractCarrier({}); logCorrelation();\n`,
    );
    const options = [
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--target",
      "es2023",
      "--skipLibCheck",
      "false",
    ];
    const tsc = join(directory, "node_modules/.bin/tsc");
    expect(() =>
      execFileSync(tsc, [...options, "--types", "node", "consumer.ts"], { cwd: directory, ...npm }),
    ).not.toThrow();
  },
);
