import * as fc from "fast-check";
import { appendFile, readdir, readFile, stat, truncate, writeFile, rm, rename } from "node:fs/promises";
import { join } from "node:path";
import { createRedactor } from "@throughline/redaction";
import { expect, test } from "vitest";
import { ValueRedactor } from "../ingest-redaction.ts";
import type { SpanRecord } from "../model.ts";
import { anySpan, exampleSpan, text } from "./example-spans.ts";
import { MemoryLog, openStore, store, type StoreParts, temporaryDirectory } from "./open-store.ts";
import type { TraceStore } from "./store.ts";

const { traceId } = exampleSpan();
const spanId = (n: number): string => n.toString(16).padStart(16, "0");
const named = (name: string, parts: Partial<SpanRecord> = {}): SpanRecord =>
  exampleSpan({ name, spanId: Buffer.from(name.padEnd(8)).toString("hex"), ...parts });

async function files(directory: string, ending: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => name.endsWith(ending)).toSorted();
}

async function names(opened: TraceStore): Promise<string[]> {
  const [spans = []] = await opened.reader.traces([traceId]);
  return spans.map(({ name }) => name);
}

/** A closed store whose spans are in its log only. */
async function written(all: readonly string[], parts: StoreParts = {}) {
  const directory = await temporaryDirectory();
  const opened = await openStore({ directory, ...parts });
  for (const name of all) await store(opened, named(name));
  await opened.close();
  const [log = ""] = await files(directory, ".wal");
  return { directory, log: join(directory, log) };
}

/** What the redactor makes of a span, field by field. */
function redacted(span: SpanRecord): SpanRecord {
  const cleaner = new ValueRedactor(createRedactor());
  const attributes = (all: SpanRecord["attributes"]) =>
    all.map((one) => cleaner.attribute(one)).filter((one) => one !== undefined);
  const clean = (value: string): string => (value === "" ? "" : cleaner.text(value));
  return {
    ...span,
    name: clean(span.name),
    traceState: clean(span.traceState),
    statusMessage: clean(span.statusMessage),
    attributes: attributes(span.attributes),
    events: span.events.map((event) => ({
      ...event,
      name: clean(event.name),
      attributes: attributes(event.attributes),
    })),
    links: span.links.map((link) => ({
      ...link,
      traceState: clean(link.traceState),
      attributes: attributes(link.attributes),
    })),
    resource: {
      ...span.resource,
      attributes: attributes(span.resource.attributes),
      schemaUrl: clean(span.resource.schemaUrl),
    },
    scope: {
      ...span.scope,
      name: clean(span.scope.name),
      version: clean(span.scope.version),
      attributes: attributes(span.scope.attributes),
      schemaUrl: clean(span.scope.schemaUrl),
    },
  };
}

test("any spans come back as the redactor leaves them: from the head, from the log, from a block", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anySpan, { maxLength: 6, selector: (span) => span.spanId }),
      async (spans) => {
        const secret = spans.map((span, at) =>
          at === 0 ? { ...span, attributes: [text("api_key", "k-1")] } : span,
        );
        const directory = await temporaryDirectory();
        const ids = [...new Set(secret.map((span) => span.traceId))];
        const expected = secret.map(redacted);
        const check = async (opened: TraceStore): Promise<void> => {
          const found = (await opened.reader.traces(ids)).flat();
          for (const span of expected) expect(found.find((one) => one.spanId === span.spanId)).toEqual(span);
          expect(found).toHaveLength(expected.length);
        };
        const first = await openStore({ directory });
        await store(first, ...secret);
        await check(first);
        await first.close();
        const second = await openStore({ directory });
        await check(second);
        second.heads.seal("now");
        second.maintain();
        await check(second);
        await second.close();
      },
    ),
    { numRuns: 25 },
  );
});

test("an appended batch is visible as a whole once the append has resolved, and not before", async () => {
  const opened = await openStore();
  const spans = Array.from({ length: 500 }, (_, n) => exampleSpan({ spanId: spanId(n + 1) }));
  const appended = store(opened, ...spans).then(() => "appended" as const);
  const seen = new Set<number>();
  for (;;) {
    const [trace = []] = await opened.reader.traces([traceId]);
    seen.add(trace.length);
    const turn = new Promise<"turn">((resolve) => setImmediate(resolve, "turn"));
    if ((await Promise.race([appended, turn])) === "appended") break;
  }
  const [trace = []] = await opened.reader.traces([traceId]);
  expect(trace).toHaveLength(500);
  expect([...seen].filter((size) => size !== 0 && size !== 500)).toEqual([]);
});

test("many appends at once, over the ends of heads, are all stored", async () => {
  const directory = await temporaryDirectory();
  const opened = await openStore({ directory, headSize: { rows: 70, items: 4_000, bytes: 200_000 } });
  const appends = Array.from({ length: 200 }, (_, n) =>
    store(
      opened,
      ...[1, 2, 3].map((part) => exampleSpan({ spanId: spanId(n * 3 + part), name: `operation ${n}` })),
    ),
  );
  await Promise.all(appends);
  const check = async (one: TraceStore): Promise<void> => {
    const [trace = []] = await one.reader.traces([traceId]);
    expect(new Set(trace.map((span) => span.spanId)).size).toBe(600);
    for (const span of trace)
      expect(span.name).toBe(`operation ${Math.floor((Number(`0x${span.spanId}`) - 1) / 3)}`);
  };
  await check(opened);
  await opened.close();
  await check(await openStore({ directory }));
});

test("directory and files are for their owner alone, and an unused store writes no log", async () => {
  const directory = await temporaryDirectory();
  const opened = await openStore({ directory });
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect(await files(directory, ".wal")).toEqual([]);
  await store(opened, exampleSpan());
  opened.heads.seal("now");
  await store(opened, exampleSpan());
  for (const name of [
    ...(await files(directory, ".wal")),
    ...(await files(directory, ".block")),
    "manifest.json",
  ]) {
    expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
  }
});

test("a span that was sent again counts once, the latest content wins, and equal ids of two kinds are two spans", async () => {
  const opened = await openStore();
  const server = exampleSpan({ kind: 2 });
  const client = exampleSpan({ kind: 3 });
  const corrected = exampleSpan({ kind: 2, name: "GET /corrected" });
  for (const span of [server, server, client, corrected]) {
    await store(opened, span);
    opened.heads.seal("now");
  }
  expect(await opened.reader.traces([traceId])).toEqual([[corrected, client]]);
});

test("a closed store refuses appends and gives its directory back", async () => {
  const directory = await temporaryDirectory();
  const opened = await openStore({ directory });
  await expect(openStore({ directory })).rejects.toMatchObject({ code: "TL_DATA_DIRECTORY_IN_USE" });
  await opened.close();
  await expect(store(opened, exampleSpan())).rejects.toMatchObject({ code: "TL_TRACE_BACKEND_FAILED" });
  await openStore({ directory });
});

test("a log cut short anywhere keeps what came before", async () => {
  const single = (await readFile((await written(["one"])).log)).length;
  const { directory, log } = await written(["one", "two"]);
  const whole = await readFile(log);
  for (let length = single; length < whole.length; length += 7) {
    const copy = await temporaryDirectory();
    await writeFile(join(copy, "0000000000000001.wal"), whole.subarray(0, length));
    await writeFile(join(copy, "manifest.json"), await readFile(join(directory, "manifest.json")));
    const memory = new MemoryLog();
    const opened = await openStore({ directory: copy, log: memory });
    expect(await names(opened)).toEqual(["one"]);
    expect(memory.lines.map(({ level }) => level)).toEqual(length === single ? [] : ["warn"]);
    await opened.close();
  }
});

test("zeros at the end, as a crash of the machine leaves them, are cut off; a log that was only begun goes", async () => {
  const { directory, log } = await written(["one"]);
  await appendFile(log, Buffer.alloc(5_000));
  const opened = await openStore({ directory });
  expect(await names(opened)).toEqual(["one"]);
  expect(await files(directory, ".damaged")).toEqual([]);
  const begun = await written(["one"]);
  await truncate(begun.log, 5);
  await openStore({ directory: begun.directory });
  expect(await files(begun.directory, ".wal")).toEqual([]);
});

test("a damaged record is set aside with what follows it, and named", async () => {
  const { directory, log } = await written(["one", "two", "three"]);
  const bytes = await readFile(log);
  const at = bytes.indexOf("two");
  bytes[at] = (bytes[at] ?? 0) ^ 0x40;
  await writeFile(log, bytes);
  const memory = new MemoryLog();
  const opened = await openStore({ directory, log: memory });
  expect(await names(opened)).toEqual(["one"]);
  const [aside = ""] = await files(directory, ".damaged");
  expect((await readFile(join(directory, aside))).includes("three")).toBe(true);
  expect(memory.lines).toMatchObject([{ level: "error", fields: { file: join(directory, aside) } }]);
});

test("a file that is no log at all is set aside as a whole", async () => {
  const { directory, log } = await written(["one"]);
  await writeFile(log, "something else entirely, longer than a header");
  expect(await names(await openStore({ directory }))).toEqual([]);
  expect(await files(directory, ".wal.damaged")).toHaveLength(1);
});

test.each(["wal", "block", "manifest"])(
  "a %s of an unknown version stops the start, and nothing is touched",
  async (kind) => {
    const { directory, log } = await written(["one"]);
    const opened = await openStore({ directory });
    await store(opened, named("two"));
    await opened.close();
    const [block = ""] = await files(directory, ".block");
    const [wal = ""] = await files(directory, ".wal");
    expect([block, wal].every((name) => name !== "")).toBe(true);
    expect(log).not.toBe(join(directory, wal));
    const path = join(directory, kind === "wal" ? wal : kind === "block" ? block : "manifest.json");
    const bytes = await readFile(path);
    if (kind === "manifest") {
      const { crc32 } = await import("node:zlib");
      const line = bytes.toString("utf8").split("\n")[0]?.replace('"version":1', '"version":9') ?? "";
      await writeFile(path, `${line}\n${crc32(line).toString(16).padStart(8, "0")}\n`);
    } else {
      bytes.writeUInt32LE(9, 8);
      await writeFile(path, bytes);
    }
    await appendFile(join(directory, wal), "torn");
    const contents = async (): Promise<Buffer[]> =>
      Promise.all([block, wal, "manifest.json"].map((name) => readFile(join(directory, name))));
    const before = await contents();
    await expect(openStore({ directory })).rejects.toMatchObject({
      code: "TL_DATA_VERSION_UNKNOWN",
      message: expect.stringContaining("format version 9"),
    });
    expect(await contents()).toEqual(before);
  },
);

test("blocks without a manifest, or with a damaged one, are not deleted", async () => {
  const { directory } = await written(["one"]);
  await (await openStore({ directory })).close();
  await rename(join(directory, "manifest.json"), join(directory, "kept"));
  await expect(openStore({ directory })).rejects.toMatchObject({ code: "TL_DATA_DIRECTORY_UNUSABLE" });
  await writeFile(
    join(directory, "manifest.json"),
    (await readFile(join(directory, "kept"))).subarray(0, 60),
  );
  await expect(openStore({ directory })).rejects.toMatchObject({ code: "TL_DATA_DIRECTORY_UNUSABLE" });
  await rm(join(directory, "manifest.json"));
  await rename(join(directory, "kept"), join(directory, "manifest.json"));
  expect(await names(await openStore({ directory }))).toEqual(["one"]);
});

test("a store whose directory went away refuses, says so, and goes on when it is back", async () => {
  const directory = await temporaryDirectory();
  const log = new MemoryLog();
  const opened = await openStore({ directory, log });
  await store(opened, named("before"));
  opened.heads.seal("now");
  await rename(directory, `${directory}-away`);
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(store(opened, named("during"))).rejects.toMatchObject({ code: "TL_TRACE_BACKEND_FAILED" });
  }
  expect(opened.heads.failure).toContain("ENOENT");
  expect(log.lines.filter(({ level }) => level === "error")).toHaveLength(1);
  await rename(`${directory}-away`, directory);
  await store(opened, named("after"));
  expect(opened.heads.failure).toBeUndefined();
  expect(await names(opened)).toEqual(["before", "after"]);
});
