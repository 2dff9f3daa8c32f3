import { readdir } from "node:fs/promises";
import { expect, test } from "vitest";
import type { KeyValue } from "../model.ts";
import { encodeBatch } from "./batch-encoding.ts";
import { exampleSpan, text } from "./example-spans.ts";
import { openStore, store, temporaryDirectory } from "./open-store.ts";
import type { TraceStore } from "./store.ts";

const minute = 60_000;
const traceOf = (name: string): string => Buffer.from(name.padEnd(16)).toString("hex");
const named = (name: string) =>
  exampleSpan({ name, traceId: traceOf(name), attributes: [text("ticket.id", name)] });

async function operations(opened: TraceStore): Promise<string[]> {
  return (await opened.reader.operations("shop")).map(({ name }) => name);
}

/** A store with a block of one span for each name, received a minute after the other. */
async function withBlocks(all: readonly string[], parts: { retentionMs?: number; maxBytes?: number } = {}) {
  const directory = await temporaryDirectory();
  const clock = { ms: 0 };
  const opened = await openStore({ directory, retentionMs: 60 * minute, ...parts, nowMs: () => clock.ms });
  for (const name of all) {
    clock.ms += minute;
    await store(opened, named(name));
    opened.heads.seal("now");
  }
  return { opened, clock, directory };
}

test("blocks whose last span is older than the retention go, with their files, and it is said until when", async () => {
  const { opened, clock, directory } = await withBlocks(["old", "young"]);
  clock.ms = 61.5 * minute;
  opened.maintain();
  expect(await operations(opened)).toEqual(["young"]);
  expect(opened.keeper.view().removed).toEqual({
    atMs: 61.5 * minute,
    lastStart: String(exampleSpan().startUnixNano),
    receivedLastMs: minute,
  });
  expect((await readdir(directory)).filter((name) => name.endsWith(".block"))).toHaveLength(1);
});

test("over the limit of bytes the oldest blocks go first", async () => {
  const { opened } = await withBlocks(["a", "b", "c", "d"]);
  const bytes = opened.keeper.entries().reduce((sum, entry) => sum + entry.bytes, 0);
  await opened.close();
  const { opened: limited } = await withBlocks(["a", "b", "c", "d"], { maxBytes: (bytes * 5) / 8 });
  limited.maintain();
  expect(await operations(limited)).toEqual(["c", "d"]);
});

test("a pinned trace stays when its block goes, until it is unpinned", async () => {
  const { opened, clock } = await withBlocks(["kept", "gone"]);
  opened.keeper.pin(traceOf("kept"));
  clock.ms = 200 * minute;
  opened.maintain();
  expect(await operations(opened)).toEqual(["kept"]);
  expect(await opened.reader.traces([traceOf("kept")])).toEqual([[named("kept")]]);
  opened.keeper.unpin(traceOf("kept"));
  opened.maintain();
  expect(await operations(opened)).toEqual([]);
});

test("of pinned traces in one block those that are unpinned go, the others stay", async () => {
  const { opened, clock } = await withBlocks(["kept", "freed"]);
  opened.keeper.pin(traceOf("kept"));
  opened.keeper.pin(traceOf("freed"));
  clock.ms = 200 * minute;
  opened.maintain();
  expect(opened.keeper.entries()).toHaveLength(1);
  opened.keeper.unpin(traceOf("freed"));
  opened.maintain();
  expect(await operations(opened)).toEqual(["kept"]);
  expect(opened.keeper.retain()).toBe(false);
});

test("small blocks are merged, eight to one, and answer as before", async () => {
  const all = Array.from({ length: 20 }, (_, n) => `operation ${String(n).padStart(2, "0")}`);
  const { opened } = await withBlocks(all);
  opened.maintain();
  expect(opened.keeper.entries().length).toBeLessThan(8);
  expect(await operations(opened)).toEqual(all);
  for (const name of all) expect(await opened.reader.traces([traceOf(name)])).toEqual([[named(name)]]);
});

test("erasing deletes every span of the traces that have the value, and says what it rewrote", async () => {
  const { opened } = await withBlocks(["a", "b"]);
  const other = exampleSpan({ name: "other part", spanId: "1".repeat(16), traceId: traceOf("a") });
  await store(opened, other, named("c"));
  opened.heads.seal("now");
  expect(opened.keeper.erase([["ticket.id", "a"]])).toEqual({
    traces: 1,
    spans: 2,
    blocksRewritten: 1,
    blocksRemoved: 1,
  });
  expect(await operations(opened)).toEqual(["b", "c"]);
  expect(opened.keeper.erase([["ticket.id", "a"]])).toEqual({
    traces: 0,
    spans: 0,
    blocksRewritten: 0,
    blocksRemoved: 0,
  });
});

test("erasing a tenant takes what its tokens sent and the traces that name it; what another's token sent stays", async () => {
  const store = await openStore();
  const send = (tenant: string | undefined, traceId: string, spanId: string, ...attributes: KeyValue[]) =>
    store.heads.append(encodeBatch([exampleSpan({ traceId, spanId, attributes })]), { tenant });
  const [mine, named, shared, theirs] = ["1", "2", "3", "4"].map((digit) => digit.repeat(32)) as [
    string,
    string,
    string,
    string,
  ];
  await send("acme", mine, "a".repeat(16));
  await send(undefined, named, "b".repeat(16), text("tenant.id", "acme"));
  await send("globex", named, "c".repeat(16));
  await send("acme", shared, "d".repeat(16));
  await send("globex", shared, "e".repeat(16));
  // A bound sender's word about others erases nothing of theirs.
  await send("globex", theirs, "f".repeat(16), text("tenant.id", "acme"));
  store.heads.seal("now");
  store.maintain();
  expect(store.keeper.erase([["tenant.id", "acme"]])).toMatchObject({ traces: 3, spans: 3 });
  const left = await store.reader.traces([mine, named, shared, theirs]);
  expect(left.flat().map(({ spanId }) => spanId[0])).toEqual(["c", "e", "f"]);
});
