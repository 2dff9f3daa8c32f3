import {
  type Attributes,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { type ReadableSpan, SamplingDecision, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, test } from "vitest";
import { SlowTraceProcessor } from "./processors.ts";
import { SlowTraces } from "./slow-traces.ts";
import { keepFailed, type KeepDecision, TailBuffer, withAncestors } from "./tail-buffer.ts";

const silent = { debug: () => {}, info: () => {}, warn: () => {} };

function setUp(decide: KeepDecision = keepFailed, thresholdMs = 60_000) {
  const kept: [name: string, reason: string | undefined][] = [];
  const spans: ReadableSpan[] = [];
  const slow = new SlowTraces({ thresholdMs, rules: [] });
  const sink = {
    take: (span: ReadableSpan, reason?: string) => {
      kept.push([span.name, reason]);
      spans.push(span);
    },
  };
  const tail = new TailBuffer([sink], slow, decide);
  const provider = new TracerProvider({
    sampler: { shouldSample: () => ({ decision: SamplingDecision.RECORD }) },
    spanProcessors: [new SlowTraceProcessor(slow, silent), tail],
  });
  return { kept, spans, tail, tracer: provider.getTracer("test") };
}

type Parts = ReturnType<typeof setUp>;

/** A root with one child that ends before it. */
function attempt({ tracer }: Parts, root: Attributes, failed: boolean, parent = ROOT_CONTEXT): void {
  const span = tracer.startSpan("root", { attributes: root }, parent);
  tracer.startSpan("child", {}, trace.setSpan(parent, span)).end();
  if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

const remote = (digit: string) =>
  trace.setSpanContext(ROOT_CONTEXT, {
    traceId: digit.repeat(32),
    spanId: "b".repeat(16),
    traceFlags: TraceFlags.NONE,
    isRemote: true,
  });

test("an unsampled trace that goes well is forgotten", () => {
  const parts = setUp();
  attempt(parts, {}, false);
  expect(parts.kept).toEqual([]);
});

test("an unsampled trace that fails is exported whole", () => {
  const parts = setUp();
  attempt(parts, {}, true);
  expect(parts.kept).toEqual([
    ["child", "error"],
    ["root", "error"],
  ]);
});

test("so is a slow one, and one of which the application says so", async () => {
  const slow = setUp(keepFailed, -1);
  attempt(slow, {}, false);
  expect(slow.kept.map(([, reason]) => reason)).toEqual(["slow", "slow"]);
  const partial = setUp((root) => (root.attributes["partial"] === true ? "partial" : undefined));
  attempt(partial, { partial: true }, false);
  attempt(partial, {}, false);
  expect(partial.kept.map(([, reason]) => reason)).toEqual(["partial", "partial"]);
});

test("a client's fault is no failure of the server", () => {
  const parts = setUp();
  attempt(parts, { "http.response.status_code": 401 }, true);
  expect(parts.kept).toEqual([]);
  attempt(parts, { "http.response.status_code": 503 }, true);
  expect(parts.kept).toHaveLength(2);
});

test("spans that another process did not export are made again, once it is clear that they are wanted", () => {
  const parts = setUp();
  const ancestor = {
    name: "webhook",
    kind: SpanKind.SERVER,
    spanId: "b".repeat(16),
    parentSpanId: undefined,
    startMs: 1_000,
    endMs: 1_005,
    attributes: { "ticket.id": "T-1" },
    links: [],
  };
  attempt(
    parts,
    {},
    false,
    withAncestors(remote("a"), () => [ancestor]),
  );
  expect(parts.kept).toEqual([]);
  attempt(
    parts,
    {},
    true,
    withAncestors(remote("c"), () => [ancestor]),
  );
  expect(parts.kept.map(([name]) => name)).toEqual(["webhook", "child", "root"]);
  expect(parts.spans[0]).toMatchObject({ kind: SpanKind.SERVER, startTime: [1, 0], endTime: [1, 5_000_000] });
  expect(parts.spans[0]?.spanContext()).toMatchObject({ traceId: "c".repeat(32), spanId: "b".repeat(16) });
});

test("a receiver's request that is still under way while its worker begins in the same process is told once, whichever fails", () => {
  const ancestor = {
    name: "webhook, made again",
    kind: SpanKind.SERVER,
    spanId: "b".repeat(16),
    parentSpanId: undefined,
    startMs: 1_000,
    endMs: 1_005,
    attributes: {},
    links: [],
  };
  const both = (isRequestLast: boolean, fails: "attempt" | "none") => {
    const parts = setUp();
    const request = parts.tracer.startSpan("webhook");
    const inRequest = trace.setSpan(ROOT_CONTEXT, request);
    const far = trace.setSpanContext(ROOT_CONTEXT, { ...request.spanContext(), isRemote: true });
    parts.tracer.startSpan("queued", {}, inRequest).end();
    const attempted = parts.tracer.startSpan(
      "attempt",
      {},
      withAncestors(far, () => [ancestor]),
    );
    const inAttempt = trace.setSpan(ROOT_CONTEXT, attempted);
    parts.tracer.startSpan("read", {}, inAttempt).end();
    if (!isRequestLast) request.end();
    parts.tracer.startSpan("write", {}, inAttempt).end();
    if (fails === "attempt") attempted.setStatus({ code: SpanStatusCode.ERROR });
    attempted.end();
    if (isRequestLast) request.end();
    return parts.kept.map(([name]) => name);
  };
  // Its own spans were forgotten with its good end.
  expect(both(false, "attempt")).toEqual(["webhook, made again", "read", "write", "attempt"]);
  expect(both(true, "attempt")).toEqual(["read", "write", "attempt", "queued", "webhook"]);
  expect(both(false, "none")).toEqual([]);
  expect(both(true, "none")).toEqual([]);
});

test("what ends after the span that began it goes the same way", () => {
  const parts = setUp();
  const root = parts.tracer.startSpan("root");
  const late = parts.tracer.startSpan("late", {}, trace.setSpan(ROOT_CONTEXT, root));
  root.setStatus({ code: SpanStatusCode.ERROR }).end();
  late.end();
  expect(parts.kept.map(([name]) => name)).toEqual(["root", "late"]);
});

test("a million unsampled spans that never come to an end cost a bounded memory, and are counted", () => {
  const parts = setUp();
  for (let at = 0; at < 30; at++) {
    const root = parts.tracer.startSpan("root");
    const parent = trace.setSpan(ROOT_CONTEXT, root);
    for (let child = 0; child < 1_200; child++) parts.tracer.startSpan("child", {}, parent).end();
  }
  expect(parts.tail.overflowed).toBeGreaterThan(30 * 200);
  expect(parts.kept).toEqual([]);
});
