import type { SystemStatus } from "@throughline/api";
import { pino } from "pino";
import type { FastifyInstance } from "fastify";
import { onTestFinished } from "vitest";
import type { SpanRecord } from "../model.ts";
import { type Gate, openGate } from "../access.ts";
import type { JaegerUi } from "./jaeger-ui.ts";
import type { ReadOptions, RemovedSpans, SpanReader } from "../query/reader.ts";
import { headSegment } from "../store/search/segments.ts";
import { StoreReader } from "../store/search/store-reader.ts";
import { createReadServer } from "./server.ts";

/** For tests: a store that holds the spans. */
function stored(spans: readonly SpanRecord[]): StoreReader {
  const segment = headSegment(spans);
  return new StoreReader({ segments: () => [segment], failed: () => Promise.resolve() });
}

/** For tests: the read server over these spans, closed with the test. Its console is not built, its clock stands at the spans' second. */
export function serverOver(
  spans: readonly SpanRecord[],
  parts: {
    gate?: Gate;
    reader?: SpanReader;
    jaegerUi?: JaegerUi;
    consoleAssets?: string;
    spansAtMost?: number;
    pin?: (traceId: string) => Promise<void>;
    removed?: RemovedSpans;
    decodeJson?: (bytes: Uint8Array) => SpanRecord[];
  } = {},
): FastifyInstance {
  const reader = stored(spans);
  const server = createReadServer({
    gate: parts.gate ?? openGate,
    reader: parts.reader ?? reader,
    readerOf: (tenant) => reader.of(tenant),
    pin: parts.pin ?? (() => Promise.resolve()),
    erase: () => Promise.resolve({ traces: 0, spans: 0, blocksRewritten: 0, blocksRemoved: 0 }),
    decodeJson:
      parts.decodeJson ??
      (() => {
        throw new Error("this test uploads nothing");
      }),
    ...(parts.spansAtMost === undefined ? {} : { spansAtMost: parts.spansAtMost }),
    removed: () => parts.removed ?? null,
    system: () => Promise.resolve(idleSystem),
    jaegerUi: parts.jaegerUi,
    consoleAssets: parts.consoleAssets ?? "/nonexistent/console",
    logger: pino({ level: "silent" }),
    nowMs: () => 1_700_000_001_000,
  });
  onTestFinished(() => server.close());
  return server;
}

const idleSystem: SystemStatus = {
  process: { role: "traces", pid: 1 },
  health: { status: "ok", since: "2023-11-14T22:00:00.000Z", parts: {} },
  storage: null,
  retention: { ageMs: 86_400_000, bytes: null },
  ingest: {
    since: "2023-11-14T22:00:00.000Z",
    spans: 0,
    bytes: 0,
    dropped: { invalidSpans: 0, refusedRequests: 0, limitedRequests: 0, lostDatagrams: 0 },
    stepMs: 10_000,
    steps: [],
  },
};

/** For tests: a reader whose queries only end when their asker has gone; `asked` and `gone` are told. */
export function endlessReader(asked: () => void, gone: () => void): SpanReader {
  const wait = (options?: ReadOptions): Promise<never> => {
    asked();
    return new Promise((_resolve, reject) => {
      options?.signal?.addEventListener("abort", () => {
        gone();
        reject(new Error("gone"));
      });
    });
  };
  return {
    traces: (_ids, options) => wait(options),
    columns: (_id, _part, options) => wait(options),
    search: (_query, options) => wait(options),
    services: wait,
    operations: (_service, options) => wait(options),
    attributeKeys: (_window, options) => wait(options),
    attributeValues: (_key, _window, options) => wait(options),
    metrics: (_query, options) => wait(options),
    red: (_query, options) => wait(options),
    edges: (_window, options) => wait(options),
  };
}

export async function get(server: FastifyInstance, url: string) {
  const answer = await server.inject({ method: "GET", url });
  return {
    status: answer.statusCode,
    type: answer.headers["content-type"],
    body: answer.body,
    headers: answer.headers,
  };
}
