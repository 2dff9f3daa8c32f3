import { cpSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  anyAddress,
  documents,
  pathWithNpx,
  readDocument,
  root,
  runnableBlocks,
  runShell,
} from "./documents.ts";
import {
  acceptTicket,
  addTenant,
  adminFetch,
  deskKey,
  type Job,
  jobEnded,
  learnAdminToken,
  named,
  run,
  start,
  temporaryDirectory,
  traceWith,
} from "./harness.ts";
import { startAlertmanager, startPrometheus } from "./monitoring.ts";

const longest = 120_000;
const data = new URL("../apps/cli/src/demo/data/", import.meta.url).pathname;

/** What the documents' commands find: the demo with its three tickets, and the tenant acme with a history and TICKET-456. */
async function startFixedSystem(directory: string) {
  const demo = await start(["demo"], { data: directory });
  learnAdminToken(demo.address("admin"), directory, "up");
  const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(directory, "desk-of-acme") });
  await addTenant(directory, desk.address("desk"));
  for (const [what, from] of [
    ["history", "history.csv"],
    ["docs", "docs"],
    ["inventory", "inventory.csv"],
  ] as const) {
    const { code, stderr } = await run([
      "import",
      what,
      join(data, from),
      "--tenant",
      "acme",
      "--data",
      directory,
    ]);
    if (code !== 0) throw new Error(stderr);
  }
  const { job_id: jobId, trace_id: traceId } = await acceptTicket(demo.address("webhook"), "TICKET-456");
  await jobEnded(demo.address("admin"), jobId);
  await traceWith(demo.address("console"), traceId, (spans) => named(spans, "enhance_ticket").length === 1);
  const dead = (await (await adminFetch(demo.address("admin"), "/jobs?ticket=DEMO-403")).json()) as {
    jobs: Job[];
  };
  const [{ id: deadJob } = { id: "" }] = dead.jobs;
  await jobEnded(demo.address("admin"), deadJob);
  return { demo, traceId, deadJob };
}

test(
  "every command block of the documents that is marked runnable ends as it says",
  { timeout: 1_800_000 },
  async () => {
    const home = await temporaryDirectory();
    const state = join(home, "data");
    const folder = join(home, "clone");
    cpSync(join(data, "docs"), join(folder, "handbook"), { recursive: true });
    for (const part of ["deploy", "docs", "examples", "node_modules", "scripts", "README.md"])
      symlinkSync(join(root, part), join(folder, part));
    const { demo, traceId, deadJob } = await startFixedSystem(state);
    const alertmanager = await startAlertmanager("http://127.0.0.1:9");
    const prometheus = await startPrometheus({
      targets: {
        receiver: demo.address("admin"),
        worker: demo.address("admin"),
        traces: demo.address("admin"),
      },
      alertmanager,
    });
    writeFileSync(join(folder, "otto.txt"), "a password of eighteen\n");
    const [, body = ""] = /```json\n([^]*?)```/.exec(readDocument("README.md")) ?? [];
    writeFileSync(join(folder, "body.json"), body);

    const env: NodeJS.ProcessEnv = {
      PATH: pathWithNpx(home),
      HOME: home,
      ...anyAddress,
      THROUGHLINE_DATA: state,
      ADMIN: demo.address("admin"),
      OTLP_HTTP: demo.address("otlpHttp"),
      PROMETHEUS: prometheus,
      ALERTMANAGER: alertmanager,
      TENANT: "demo",
      TICKET: "DEMO-403",
      TRACE: traceId,
      JOB: deadJob,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
    /** Addresses stand in the documents as they are by default. */
    const here = (script: string) =>
      [
        ["8000", "webhook"],
        ["8001", "admin"],
        ["16686", "console"],
        ["4318", "otlpHttp"],
      ].reduce(
        (text, [port = "", part = ""]) =>
          text.replaceAll(
            new RegExp(`http://(?:127\\.0\\.0\\.1|localhost):${port}`, "g"),
            demo.address(part),
          ),
        script,
      );

    const failed: string[] = [];
    let ran = 0;
    for (const file of documents) {
      for (const { line, script, exitCode } of runnableBlocks(readDocument(file))) {
        const shell = runShell(here(script), { cwd: folder, env });
        const code = await Promise.race([shell.code, sleep(longest, "too long" as const, { ref: false })]);
        await shell.end();
        ran++;
        if (code !== exitCode)
          failed.push(`${file}:${line} ended with ${code}, not ${exitCode}:\n${script}${shell.output()}`);
      }
    }
    expect(failed).toEqual([]);
    expect(ran).toBeGreaterThan(40);
  },
);

test("a marked block is found wherever it stands, with its exit code", () => {
  const text =
    "```sh run\nfirst\n```\n\n1. step\n\n   ```sh run exit=1\n   second\n     more\n   ```\n\n```sh\nnot this\n```\n";
  expect(runnableBlocks(text)).toEqual([
    { line: 1, script: "first\n", exitCode: 0 },
    { line: 7, script: "second\n  more\n", exitCode: 1 },
  ]);
});
