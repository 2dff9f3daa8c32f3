/**
 * The main job on text that nobody here wrote: bug entries of Debian's changelogs become resolved tickets, Debian's own
 * manuals become documents, 50 entries that were held out become tickets. Drives the shipped command alone, then checks:
 * every ticket ends with a note, each citation in each note resolves to something imported, each ticket has one complete trace.
 *
 * node examples/debian/run.ts [WORK_DIRECTORY]
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type BugEntry, holdOut, readBugEntries, toResolvedTicket } from "./changelogs.ts";
import { checkTickets } from "./check.ts";
import { collectDocuments, requirePackages } from "./documents.ts";

const command = new URL("../../node_modules/.bin/throughline", import.meta.url).pathname;
const tickets = 50;
const tenant = "debian";
const deskKey = "key-of-the-simulated-desk";

requirePackages();
const work = process.argv[2] ?? mkdtempSync(join(tmpdir(), "throughline-debian-"));
mkdirSync(work, { recursive: true });
const data = join(work, "data");
rmSync(data, { recursive: true, force: true });

const { held, kept } = holdOut(readBugEntries("/usr/share/doc"), tickets);
if (held.length < tickets)
  throw new Error(`only ${held.length} bug entries can be held out: too few packages are installed`);
const history = join(work, "history.jsonl");
writeFileSync(history, kept.map((entry) => `${JSON.stringify(toResolvedTicket(entry))}\n`).join(""));
const documents = join(work, "documents");
rmSync(documents, { recursive: true, force: true });
const documentCount = collectDocuments(documents);
say(
  `${kept.length} resolved tickets, ${documentCount} documents, ${held.length} entries held out, in ${work}`,
);

const started: ChildProcess[] = [];
try {
  const desk = await start("simulate", "desk", "--key", deskKey, "--data", join(work, "desk"));
  throughline("tenant", "add", tenant, "--desk", desk["desk"] ?? "", "--desk-key", deskKey, "--data", data);
  timed("import history", () =>
    throughline("import", "history", history, "--tenant", tenant, "--data", data),
  );
  timed("import docs", () => throughline("import", "docs", documents, "--tenant", tenant, "--data", data));
  const ports = ["webhook", "admin", "console", "otlp-grpc", "otlp-http"].flatMap((part) => [
    `--${part}`,
    "127.0.0.1:0",
  ]);
  const up = await start("up", "--data", data, ...ports);
  for (const entry of held) {
    throughline(
      "ticket",
      "send",
      "--tenant",
      tenant,
      "--ticket",
      `DEB-${entry.bug}`,
      "--text",
      worded(entry),
      "--data",
      data,
    );
  }
  const report = await checkTickets(held, {
    desk: desk["desk"] ?? "",
    console: up["console"] ?? "",
    admin: up["admin"] ?? "",
    token: (JSON.parse(readFileSync(join(data, "run", "up.json"), "utf8")) as { token: string }).token,
    deskKey,
    kept,
    documents,
  });
  say(report.text);
  process.exitCode = report.ok ? 0 : 1;
} finally {
  for (const child of started.reverse()) child.kill("SIGTERM");
}

/** A reporter's words, as far as a changelog gives them away. */
function worded(entry: BugEntry): string {
  return `Problem with the package ${entry.package} after the last upgrade: ${entry.done}`.slice(0, 4_000);
}

function throughline(...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
}

function timed(what: string, work: () => string): void {
  const began = performance.now();
  say(`${work().trim()} (${what} took ${((performance.now() - began) / 1_000).toFixed(1)} s)`);
}

async function start(...args: string[]): Promise<Record<string, string>> {
  const ready = join(work, `ready-${started.length}.json`);
  rmSync(ready, { force: true });
  const child = spawn(command, [...args, "--ready-file", ready], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, OTEL_BSP_SCHEDULE_DELAY: "500" },
  });
  started.push(child);
  while (!existsSync(ready)) {
    if (child.exitCode !== null) throw new Error(`${args.join(" ")} ended with ${child.exitCode}`);
    await sleep(20);
  }
  return JSON.parse(readFileSync(ready, "utf8")) as Record<string, string>;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
