import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { GroupCommit } from "./group-commit.ts";
import { LogSync } from "./log-sync.ts";

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "throughline-log-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("what waits for a sync is told when there is no log, and the next sync is tried anew", async () => {
  const path = join(newDirectory(), "log");
  const log = new LogSync(path);
  const failed = [log.sync(), log.sync(), log.sync()];
  for (const sync of failed) await expect(sync).rejects.toThrow("ENOENT");
  writeFileSync(path, "written");
  await Promise.all([log.sync(), log.sync(), log.sync()]);
  await log.close();
});

test("a change is seen before it is durable, and is durable before its promise resolves", async () => {
  const file = join(newDirectory(), "data.db");
  const sqlite = new DatabaseSync(file);
  sqlite.exec("pragma journal_mode = wal; create table t (n integer)");
  const commit = new GroupCommit(sqlite, file);
  const other = new DatabaseSync(file, { readOnly: true });
  const told: string[] = [];
  const insert = sqlite.prepare("insert into t values (?)");
  await commit.durable(
    () => insert.run(1),
    () => told.push(`seen: ${Number(other.prepare("select count(*) as n from t").get()?.["n"])}`),
  );
  told.push("durable");
  expect(told).toEqual(["seen: 1", "durable"]);
  await commit.close();
  other.close();
  sqlite.close();
});

test("a change whose log cannot be synced is refused to whoever asked for it", async () => {
  const directory = newDirectory();
  const sqlite = new DatabaseSync(join(directory, "data.db"));
  sqlite.exec("pragma journal_mode = wal; create table t (n integer)");
  const commit = new GroupCommit(sqlite, join(directory, "elsewhere.db"));
  await expect(commit.durable(() => sqlite.exec("insert into t values (1)"))).rejects.toThrow("ENOENT");
  expect(await commit.quick(() => "taken")).toBe("taken");
  await commit.close();
  sqlite.close();
});
