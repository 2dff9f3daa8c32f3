import { readdir, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { exampleSpan } from "./example-spans.ts";
import { batchOf, openStore, temporaryDirectory } from "./open-store.ts";

const spanId = (n: number): string => n.toString(16).padStart(16, "0");

test("what was appended is read back after the store was closed and opened again", async () => {
  const directory = await temporaryDirectory();
  const first = await openStore({ directory });
  const span = exampleSpan();
  await first.append(batchOf(span));
  await first.close();
  const second = await openStore({ directory });
  expect(await second.reader.traces([span.traceId, "f".repeat(32)])).toEqual([[span]]);
  expect(second.stats().spansInMemory).toBe(1);
});

test("an appended batch is visible as a whole once the append has resolved, and not before", async () => {
  const store = await openStore();
  const spans = Array.from({ length: 500 }, (_, n) => exampleSpan({ spanId: spanId(n + 1) }));
  const appended = store.append(batchOf(...spans)).then(() => "appended" as const);
  const seen = new Set<number>();
  for (;;) {
    const [trace = []] = await store.reader.traces([exampleSpan().traceId]);
    seen.add(trace.length);
    const turn = new Promise<"turn">((resolve) => setImmediate(resolve, "turn"));
    if ((await Promise.race([appended, turn])) === "appended") break;
  }
  const [trace = []] = await store.reader.traces([exampleSpan().traceId]);
  expect(trace).toHaveLength(500);
  expect([...seen].filter((size) => size !== 0 && size !== 500)).toEqual([]);
});

test("many appends at once are all stored, in few syncs", async () => {
  const directory = await temporaryDirectory();
  const store = await openStore({ directory });
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => store.append(batchOf(exampleSpan({ spanId: spanId(n + 1) })))),
  );
  await store.close();
  const again = await openStore({ directory });
  const [trace = []] = await again.reader.traces([exampleSpan().traceId]);
  expect(new Set(trace.map((span) => span.spanId)).size).toBe(200);
});

test("directory and files are for their owner alone, and an unused store writes no segment", async () => {
  const directory = await temporaryDirectory();
  const store = await openStore({ directory });
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  expect((await readdir(directory)).filter((name) => name.endsWith(".wal"))).toEqual([]);
  await store.append(batchOf(exampleSpan()));
  const [segment] = (await readdir(directory)).filter((name) => name.endsWith(".wal"));
  expect((await stat(`${directory}/${segment}`)).mode & 0o777).toBe(0o600);
});

test("a span that was sent again counts once, the latest content wins, and equal ids of two kinds are two spans", async () => {
  const store = await openStore({ limits: { segmentBytes: 1 } });
  const server = exampleSpan({ kind: 2 });
  const client = exampleSpan({ kind: 3 });
  const corrected = exampleSpan({ kind: 2, name: "GET /corrected" });
  for (const span of [server, server, client, corrected]) await store.append(batchOf(span));
  expect(await store.reader.traces([server.traceId])).toEqual([[corrected, client]]);
  const old = await store.reader.search({
    operation: server.name,
    tags: [{ key: "span.kind", value: "server" }],
    limit: 5,
  });
  expect(old).toEqual([]);
});

test("a closed store refuses appends and gives its directory back", async () => {
  const directory = await temporaryDirectory();
  const store = await openStore({ directory });
  await store.close();
  await expect(store.append(batchOf(exampleSpan()))).rejects.toMatchObject({
    code: "TL_TRACE_BACKEND_FAILED",
  });
  await openStore({ directory });
});

test("appends under way when the store is closed are stored", async () => {
  const directory = await temporaryDirectory();
  const store = await openStore({ directory });
  const appends = Array.from({ length: 50 }, (_, n) =>
    store.append(batchOf(exampleSpan({ spanId: spanId(n + 1) }))),
  );
  await store.close();
  await Promise.all(appends);
  const again = await openStore({ directory });
  expect(again.stats().spansInMemory).toBe(50);
});
