import * as fc from "fast-check";
import { readdir } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { writeTraces } from "../api/trace-texts.ts";
import type { TraceText } from "../query/reader.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { anySpan, exampleSpan, text } from "../store/example-spans.ts";
import { temporaryDirectory } from "../store/open-store.ts";
import { Engine } from "./engine.ts";

const logger = pino({ level: "silent" });
const span = exampleSpan();

async function start(directory: string): Promise<Engine> {
  const client = await Engine.start({ directory, durability: "fsync", retentionMs: 3_600_000 }, logger);
  onTestFinished(() => client.stop());
  return client;
}

test("spans go to the thread as bytes, come back redacted, and are there after a restart", async () => {
  const directory = await temporaryDirectory();
  const client = await start(directory);
  const request = encodeBatch([{ ...span, attributes: [text("api_key", "abc")] }]);
  expect(await client.append([request.subarray(0, 7), request.subarray(7)], "protobuf")).toEqual({
    accepted: 1,
    rejected: 0,
    reason: "",
  });
  const stored = [[{ ...span, attributes: [text("api_key", "[REDACTED]")] }]];
  expect(await client.reader.traces([span.traceId])).toEqual(stored);
  expect((await client.reader.search({ service: "shop", tags: [], limit: 1 })).traces).toEqual(stored);
  expect(await client.reader.services()).toEqual(["shop"]);
  expect(await client.reader.operations("shop")).toEqual([{ name: "GET /", kind: 2 }]);
  expect(await client.health()).toEqual({ ok: true, detail: "stores and answers" });
  expect(client.stats()).toMatchObject({ rows: 1, blocks: 0 });
  await client.stop();
  const again = await start(directory);
  expect(await again.reader.traces([span.traceId])).toEqual(stored);
});

test("a thread writes traces as they would be written from its spans, before and after they are sealed", async () => {
  const client = await start(await temporaryDirectory());
  const traces = fc
    .sample(fc.array(anySpan, { minLength: 1, maxLength: 12 }), 12)
    .map((spans, number) => spans.map((one) => ({ ...one, traceId: String(number + 1).padStart(32, "0") })));
  for (const spans of traces) await client.append([encodeBatch(spans)], "protobuf");
  const traceIds = [...traces.map((spans) => spans[0]?.traceId ?? ""), "f".repeat(32)];
  const shown = (texts: readonly TraceText[] | undefined) =>
    texts?.map(({ chunks, ...text }) => ({ ...text, json: Buffer.concat(chunks).toString("utf8") }));
  for (const isSealed of [false, true]) {
    if (isSealed) await client.seal();
    const spans = await client.reader.traces(traceIds);
    for (const form of ["legacy", "v3"] as const)
      for (const raw of [true, false]) {
        const written = await client.reader.texts?.({ traceIds, form, raw });
        expect(shown(written)).toEqual(shown(await writeTraces(spans, { form, raw }, undefined)));
        expect(written).toHaveLength(traces.length);
      }
  }
});

test("errors of the thread keep their code", async () => {
  const client = await start(await temporaryDirectory());
  await expect(client.append([Uint8Array.of(255)], "protobuf")).rejects.toMatchObject({
    code: "TL_BODY_UNREADABLE",
  });
  await expect(client.append([Uint8Array.of(255)], "json")).rejects.toMatchObject({
    code: "TL_BODY_UNREADABLE",
  });
});

test("what runs before the first request leaves nothing behind", async () => {
  const directory = await temporaryDirectory();
  const client = await start(directory);
  // Long enough for all of it on an idle machine; on a busy one it is still under way.
  await sleep(500);
  expect(await client.health()).toEqual({ ok: true, detail: "stores and answers" });
  expect(client.stats()).toEqual({ heads: 0, rows: 0, logBytes: 0, blocks: 0, blockBytes: 0, blockSpans: 0 });
  expect(await client.reader.services()).toEqual([]);
  expect((await readdir(directory)).filter((name) => name.endsWith(".wal"))).toEqual([]);
});

test("a second thread on the same directory is refused and ends", async () => {
  const directory = await temporaryDirectory();
  await start(directory);
  await expect(start(directory)).rejects.toMatchObject({ code: "TL_DATA_DIRECTORY_IN_USE" });
});

test("stopping stores what was appended before, and refuses what comes after", async () => {
  const directory = await temporaryDirectory();
  const client = await start(directory);
  const appends = Array.from({ length: 50 }, (_, n) =>
    client.append(
      [encodeBatch([exampleSpan({ spanId: (n + 1).toString(16).padStart(16, "0") })])],
      "protobuf",
    ),
  );
  await client.stop();
  await Promise.all(appends);
  await expect(client.append([encodeBatch([span])], "protobuf")).rejects.toMatchObject({
    code: "TL_TRACE_BACKEND_FAILED",
  });
  expect((await client.health()).ok).toBe(false);
  const again = await start(directory);
  expect((await again.reader.traces([span.traceId]))[0]).toHaveLength(50);
});

test("spans are found before, while and after their head becomes a block, and by requests", async () => {
  const directory = await temporaryDirectory();
  const client = await start(directory);
  await client.append([encodeBatch([span])], "protobuf");
  await client.clean(3_600_000);
  expect(client.stats()).toMatchObject({ blocks: 1 });
  expect(await client.reader.traces([span.traceId])).toEqual([[span]]);
  const other = exampleSpan({ traceId: "b".repeat(32), attributes: [text("ticket.id", "T-1")] });
  await client.append([encodeBatch([other])], "protobuf");
  expect(await client.erase([["ticket.id", "T-1"]])).toEqual({
    traces: 1,
    spans: 1,
    blocksRewritten: 0,
    blocksRemoved: 1,
  });
  expect(await client.reader.traces([other.traceId])).toEqual([]);
  expect(await client.check()).toEqual({ blocks: 1, damaged: [] });
  await client.pin(span.traceId);
  await client.clean(-1);
  expect(await client.reader.traces([span.traceId])).toEqual([[span]]);
  expect(client.removed()).toMatchObject({ lastStart: String(span.startUnixNano) });
  await client.unpin(span.traceId);
  await client.clean(-1);
  expect(await client.reader.traces([span.traceId])).toEqual([]);
});

test.each(["ingest", "keeper"] as const)(
  "when the %s thread ends, both that write are started again, and nothing acknowledged is lost",
  { timeout: 60_000 },
  async (name) => {
    const engine = await start(await temporaryDirectory());
    const request = (spanId: string): Uint8Array[] => [encodeBatch([exampleSpan({ spanId })])];
    await engine.append(request("00000000000000a1"), "protobuf");
    await engine["writers"][name]["worker"].terminate();
    await expect
      .poll(() => engine.append(request("00000000000000a2"), "protobuf").catch(String), { timeout: 30_000 })
      .toMatchObject({ accepted: 1 });
    expect(await engine.health()).toMatchObject({ ok: true });
    const [found = []] = await engine.reader.traces([span.traceId]);
    expect(found.map(({ spanId }) => spanId).sort()).toEqual(["00000000000000a1", "00000000000000a2"]);
    await engine.seal();
    expect(engine.stats().blocks).toBeGreaterThan(0);
  },
);
