/** All rounds of the fuzz and property tests (`npm test` runs a twentieth), and a report in docs/verification.md. THROUGHLINE_SEED repeats a run. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

const root = new URL("../", import.meta.url).pathname;
const seed = process.env["THROUGHLINE_SEED"] ?? String(Date.now() % 1_000_000_000);
const suites = [
  ["redaction: time in proportion to the text, secrets hidden wherever they stand", "packages/redaction"],
  ["the wire: garbage, cut answers, spill file cut at every byte", "packages/tracing/src/export"],
  ["encoding, sampling, propagation, bad input", "packages/tracing/src"],
  [
    "trace store: every query against a naive model, damaged parts, garbage as OTLP and as pages",
    "packages/traces/test/search-model packages/traces/test/tenants-model packages/traces/test/store-model packages/traces/test/fuzz packages/traces/test/fuzz-foreign packages/traces/test/damage",
  ],
  [
    "front door: kill -9 under load, garbage through a raw socket, one rate over two receivers",
    "test/door-kill test/door-fuzz test/door-redis",
  ],
  ["trace store: kill -9, loss of power, full and failing disk at any step", "packages/traces/test/crash"],
  [
    "tickets: worker, desk, Redis and PostgreSQL killed under load, both queues; a desk and a model that misbehave",
    "test/queue-crash test/chaos",
  ],
] as const;

const rows: string[] = [];
let failed = false;
for (const [name, path] of suites) {
  const started = performance.now();
  const run = spawnSync(
    "npx",
    [
      "vitest",
      "run",
      "--project",
      path.startsWith("test/") ? "blackbox" : path.includes("traces/test") ? "crash" : "unit",
      "--test-timeout",
      "3600000",
      ...path.split(" "),
    ],
    {
      cwd: root,
      env: { ...process.env, THROUGHLINE_SEED: seed, THROUGHLINE_ROUNDS: "1", NO_COLOR: "1" },
      encoding: "utf8",
    },
  );
  const passed = /Tests\s+(?:\d+ failed \| )?(\d+) passed/.exec(run.stdout)?.[1] ?? "0";
  const corpus = /recall [\d.]+, precision [\d.]+/.exec(run.stdout)?.[0];
  const result = run.status === 0 ? "passed" : "FAILED";
  failed ||= run.status !== 0;
  if (run.status !== 0) process.stdout.write(`${run.stdout.slice(-8_000)}\n${run.stderr.slice(-8_000)}\n`);
  const seconds = Math.round((performance.now() - started) / 1_000);
  rows.push(
    `| ${name}${corpus === undefined ? "" : ` (${corpus})`} | ${passed} | ${seconds} s | ${result} |`,
  );
  process.stdout.write(`${rows.at(-1) ?? ""}\n`);
}

const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
writeFileSync(
  `${root}docs/verification.md`,
  `# Verification

\`npm run test:long\` runs all rounds of the crash and fuzz tests, of which \`npm test\` runs a twentieth, and writes this report.

${new Date().toISOString().slice(0, 10)}, seed ${seed}, ${machine}.

| what | tests | time | result |
|---|---|---|---|
${rows.join("\n")}
`,
);
process.exitCode = failed ? 1 : 0;
