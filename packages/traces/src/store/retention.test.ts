import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import { exampleSpan } from "./example-spans.ts";
import { batchOf, MemoryLog, openStore, temporaryDirectory } from "./open-store.ts";
import type { TraceStore } from "./store.ts";

const minute = 60_000;
const named = (name: string) =>
  batchOf(exampleSpan({ name, traceId: Buffer.from(name.padEnd(16)).toString("hex") }));

async function operations(store: TraceStore): Promise<string[]> {
  return (await store.reader.operations("shop")).map(({ name }) => name);
}

test("segments whose newest batch is older than the retention go, with their spans and files", async () => {
  const directory = await temporaryDirectory();
  let now = 0;
  const store = await openStore({ directory, retentionMs: 60 * minute, nowMs: () => now });
  await store.append(named("old"));
  now = 20 * minute;
  await store.append(named("young"));
  now = 61 * minute;
  await store.expire();
  expect(await operations(store)).toEqual(["young"]);
  now = 81 * minute;
  await store.expire();
  expect(await operations(store)).toEqual([]);
  expect(await store.reader.search({ tags: [], limit: 10 })).toEqual([]);
  expect(store.stats()).toEqual({ walBytes: 0, spansInMemory: 0 });
  expect((await readdir(directory)).filter((file) => file.endsWith(".wal"))).toEqual([]);
  await store.append(named("new"));
  expect(await operations(store)).toEqual(["new"]);
});

test("what grew old while nothing ran is gone at the start", async () => {
  const directory = await temporaryDirectory();
  const before = await openStore({ directory, retentionMs: 60 * minute, nowMs: () => 0 });
  await before.append(named("old"));
  await before.close();
  const store = await openStore({ directory, retentionMs: 60 * minute, nowMs: () => 61 * minute });
  expect(await operations(store)).toEqual([]);
});

test("over the limit of spans in memory the oldest segments go first, with a warning", async () => {
  const log = new MemoryLog();
  const store = await openStore({ limits: { spans: 3, segmentBytes: 1 }, log });
  for (const name of ["a", "b", "c", "d", "e"]) await store.append(named(name));
  await store.expire();
  expect(await operations(store)).toEqual(["c", "d", "e"]);
  expect(log.lines.map(({ level }) => level)).toEqual(["warn", "warn"]);
});

test("over the limit of bytes in memory the oldest segments go first", async () => {
  const store = await openStore({ limits: { bytes: 250, segmentBytes: 1 } });
  for (const name of ["a", "b", "c", "d", "e"]) await store.append(named(name));
  await store.expire();
  const left = await operations(store);
  expect(left.at(-1)).toBe("e");
  expect(left).not.toContain("a");
});
