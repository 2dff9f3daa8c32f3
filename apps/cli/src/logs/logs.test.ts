import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LogFiles, logFilesIn } from "./log-files.ts";
import { readLogs } from "./read-logs.ts";

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "throughline-logs-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function open(path: string, options: { keepMs?: number; maxBytes?: number } = {}): LogFiles {
  const files = new LogFiles({
    directory: path,
    role: "worker",
    keepMs: 60_000,
    maxBytes: 10_000_000,
    ...options,
  });
  onTestFinished(() => files.close());
  return files;
}

const line = (fields: Record<string, unknown>) =>
  `${JSON.stringify({ level: "info", time: "2026-11-24T10:00:00.000Z", role: "worker", pid: 1, msg: "m", ...fields })}\n`;

test("lines of a ticket, a trace or a job are found in every file, oldest first", async () => {
  const path = directory();
  writeFileSync(
    join(path, "worker-2.jsonl"),
    line({ ticket_id: "T-1", trace_id: "abc", time: "2026-11-24T10:00:02.000Z" }),
  );
  writeFileSync(
    join(path, "receiver-1.jsonl"),
    line({ ticket_id: "T-1", job_id: "j1", tenant_id: "acme", time: "2026-11-24T10:00:01.000Z" }) +
      line({ ticket_id: "T-10" }) +
      line({ msg: "about T-1, but not its own" }) +
      '{"ticket_id":"T-1","time":"cut of',
  );
  expect((await readLogs(path, { ticket: "T-1" })).map(({ time }) => time.slice(17, 19))).toEqual([
    "01",
    "02",
  ]);
  expect(await readLogs(path, { trace: "abc" })).toHaveLength(1);
  expect(await readLogs(path, { any: "j1" })).toHaveLength(1);
  expect(await readLogs(path, { ticket: "T-1" }, { tenant: "acme" })).toHaveLength(1);
  expect(await readLogs(path, { ticket: "T-1" }, { limit: 1 })).toMatchObject([{ trace_id: "abc" }]);
  expect(await readLogs(join(path, "none"), { any: "j1" })).toEqual([]);
});

test("a full file is followed by another, and the oldest go once all are over their size", async () => {
  const path = directory();
  const files = open(path, { maxBytes: 400_000 });
  for (let at = 0; at < 3_000; at++) {
    files.write(line({ ticket_id: `T-${at}`, text: "x".repeat(400) }));
    if (at % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await expect
    .poll(async () => (await readLogs(path, { ticket: "T-2999" })).length, { timeout: 10_000 })
    .toBe(1);
  const sizes = logFilesIn(path).map(({ bytes }) => bytes);
  expect(sizes.length).toBeGreaterThan(2);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(70_000);
  expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(600_000);
  expect(await readLogs(path, { ticket: "T-0" })).toEqual([]);
});

test("files that are too old go at start, whoever wrote them; other files stay", () => {
  const path = directory();
  const old = new Date(Date.now() - 120_000);
  for (const name of ["receiver-old.jsonl", "notes.txt", "worker-new.jsonl"])
    writeFileSync(join(path, name), "{}\n");
  for (const name of ["receiver-old.jsonl", "notes.txt"]) utimesSync(join(path, name), old, old);
  open(path);
  expect(readdirSync(path).sort()).toEqual(["notes.txt", "worker-new.jsonl"]);
});

test("a file is its owner's only, and a directory that cannot be written costs the lines, not the process", async () => {
  const path = directory();
  open(path).write(line({}));
  await expect.poll(() => logFilesIn(path).length, { timeout: 10_000 }).toBe(1);
  expect(statSync(logFilesIn(path)[0]?.path ?? "").mode & 0o777).toBe(0o600);
  writeFileSync(join(path, "a file"), "");
  chmodSync(path, 0o700);
  const lost = open(join(path, "a file", "logs"));
  for (let at = 0; at < 10; at++) lost.write(line({}));
  await new Promise((resolve) => setTimeout(resolve, 50));
});

test("a process that ends with its first line ends well, and the line is there", () => {
  const path = directory();
  const program = `
    import { LogFiles } from ${JSON.stringify(new URL("./log-files.ts", import.meta.url).href)};
    new LogFiles({ directory: process.argv[1], role: "up", keepMs: 1e9, maxBytes: 1e9 }).write("the only line\\n");
    process.exit(0);
  `;
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program, path], {
    encoding: "utf8",
  });
  expect([ended.status, ended.stderr]).toEqual([0, ""]);
  const [file] = logFilesIn(path);
  expect(readFileSync(file?.path ?? "", "utf8")).toBe("the only line\n");
});
