import { appendFile, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exampleSpan } from "./example-spans.ts";
import { batchOf, MemoryLog, openStore, type StoreParts, temporaryDirectory } from "./open-store.ts";
import type { TraceStore } from "./store.ts";

const { traceId } = exampleSpan();

/** A closed store with one batch of one span for each name, and its segment files. */
async function written(names: readonly string[], parts: StoreParts = {}) {
  const directory = await temporaryDirectory();
  const store = await openStore({ directory, ...parts });
  for (const name of names) {
    await store.append(batchOf(exampleSpan({ name, spanId: Buffer.from(name.padEnd(8)).toString("hex") })));
  }
  await store.close();
  const segments = (await readdir(directory)).filter((file) => file.endsWith(".wal")).sort();
  return { directory, segments: segments.map((file) => join(directory, file)) };
}

async function names(store: TraceStore): Promise<string[]> {
  const [spans = []] = await store.reader.traces([traceId]);
  return spans.map((span) => span.name);
}

test("a record cut short anywhere is cut off; what came before stays, and writing goes on", async () => {
  const { directory, segments } = await written(["one", "two"]);
  const [segment = ""] = segments;
  const whole = await readFile(segment);
  const single = (await readFile((await written(["one"])).segments[0] ?? "")).length;
  for (const length of [whole.length - 1, single + 25, single + 20, single + 1]) {
    await writeFile(segment, whole.subarray(0, length));
    const log = new MemoryLog();
    const store = await openStore({ directory, log });
    expect(await names(store)).toEqual(["one"]);
    expect(log.lines.map(({ level }) => level)).toEqual(["warn"]);
    await store.close();
    expect((await readFile(segment)).length).toBe(single);
  }
  const store = await openStore({ directory });
  await store.append(batchOf(exampleSpan({ name: "three", spanId: "3".repeat(16) })));
  await store.close();
  expect(await names(await openStore({ directory }))).toEqual(["one", "three"]);
});

test("zeros at the end, as a crash of the machine leaves them, are cut off", async () => {
  const { directory, segments } = await written(["one"]);
  await appendFile(segments[0] ?? "", Buffer.alloc(5_000));
  expect(await names(await openStore({ directory }))).toEqual(["one"]);
  expect((await readdir(directory)).filter((file) => file.endsWith(".damaged"))).toEqual([]);
});

test("a damaged record ends its segment, the rest of which is set aside; other segments are read", async () => {
  const first = await written(["one", "two", "three"], { limits: { segmentBytes: 1 } });
  expect(first.segments).toHaveLength(3);
  const { directory, segments } = await written(["one", "two", "three"]);
  const [segment = ""] = segments;
  // The next segment comes from a second run of the store.
  const later = await openStore({ directory });
  await later.append(batchOf(exampleSpan({ name: "later", spanId: "4".repeat(16) })));
  await later.close();
  const bytes = await readFile(segment);
  const at = bytes.indexOf("two") + 1;
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  await writeFile(segment, bytes);

  const log = new MemoryLog();
  const store = await openStore({ directory, log });
  expect(await names(store)).toEqual(["one", "later"]);
  const [aside = ""] = (await readdir(directory)).filter((file) => file.endsWith(".damaged"));
  expect(aside).toMatch(/^\d{16}\.wal\.\d+\.damaged$/);
  const kept = await readFile(join(directory, aside));
  expect(kept.includes("three")).toBe(true);
  expect(log.lines).toMatchObject([{ level: "error", fields: { file: join(directory, aside) } }]);
  await store.close();
  const quiet = new MemoryLog();
  await openStore({ directory, log: quiet });
  expect(quiet.lines).toEqual([]);
});

test("a damaged length in the middle does not pass for the end of the log", async () => {
  const { directory, segments } = await written(["one", "two"]);
  const [segment = ""] = segments;
  const bytes = await readFile(segment);
  bytes.writeUInt32LE(0x7fffffff, 12);
  await writeFile(segment, bytes);
  await openStore({ directory });
  const [aside = ""] = (await readdir(directory)).filter((file) => file.endsWith(".damaged"));
  expect((await readFile(join(directory, aside))).includes("two")).toBe(true);
});

test("a file that is no segment at all is set aside as a whole", async () => {
  const { directory, segments } = await written(["one"]);
  await writeFile(segments[0] ?? "", "something else entirely, longer than a header");
  const store = await openStore({ directory });
  expect(await names(store)).toEqual([]);
  expect((await readdir(directory)).filter((file) => file.endsWith(".wal.damaged"))).toHaveLength(1);
});

test("a segment that was begun and never written is removed", async () => {
  const { directory, segments } = await written(["one"]);
  await truncate(segments[0] ?? "", 5);
  await openStore({ directory });
  expect((await readdir(directory)).filter((file) => file.includes(".wal"))).toEqual([]);
});

test("an unknown format version stops the start and nothing is touched", async () => {
  const { directory, segments } = await written(["one", "two", "three"], { limits: { segmentBytes: 1 } });
  const [first = "", , last = ""] = segments;
  await appendFile(first, "torn");
  const bytes = await readFile(last);
  bytes.writeUInt32LE(2, 8);
  await writeFile(last, bytes);
  const before = await Promise.all(segments.map((segment) => readFile(segment)));
  await expect(openStore({ directory })).rejects.toMatchObject({
    code: "TL_DATA_VERSION_UNKNOWN",
    message: expect.stringContaining("format version 2"),
  });
  expect(await Promise.all(segments.map((segment) => readFile(segment)))).toEqual(before);
});
