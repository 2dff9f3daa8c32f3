import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { announce, openDataDirectory, runningInstances } from "./data-directory.ts";

test("a process takes the place of an earlier one that had its process id, and not that of a living one", () => {
  const directory = mkdtempSync(join(tmpdir(), "throughline-data-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  openDataDirectory(directory);
  const run = { role: "worker", token: "earlier", addresses: {}, own: {} };
  announce(directory, { ...run, pid: process.pid });
  // The container was killed and started again.
  const withdraw = announce(directory, { ...run, pid: process.pid, token: "now" });
  expect(runningInstances(directory).map(({ token }) => token)).toEqual(["now"]);

  announce(directory, { ...run, pid: process.ppid, token: "beside it" });
  expect(readdirSync(join(directory, "run")).sort()).toEqual([`worker.${process.ppid}.json`, "worker.json"]);
  withdraw();
  expect(readdirSync(join(directory, "run"))).toEqual([`worker.${process.ppid}.json`]);
  expect(
    JSON.parse(readFileSync(join(directory, "run", `worker.${process.ppid}.json`), "utf8")),
  ).toMatchObject({ token: "beside it" });
});

test("a directory of one's own is closed to others", () => {
  const directory = mkdtempSync(join(tmpdir(), "throughline-data-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  chmodSync(directory, 0o755);
  openDataDirectory(directory);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
});
