import { TraceClient } from "../trace/trace-client.ts";
import { TraceData } from "../trace/trace-data.ts";
import { traceOf } from "../trace/trace.test-data.ts";
import { callGraphOf } from "../trace/worker/call-graph.ts";
import { callTreeOf } from "../trace/worker/call-tree.ts";
import type { CallName, Calls } from "../trace/worker/messages.ts";
import type { SpanDetails } from "../trace/worker/span-details.ts";
import type { SpanGroup } from "../trace/worker/statistics.ts";
import { failed } from "./sample-summaries.ts";

const ms = 1e6;
const made = traceOf([
  { name: "POST /webhook/servicedesk", service: "door", kind: "server", until: 40 * ms },
  { parent: 0, name: "job_queued", service: "door", kind: "producer", from: 10 * ms, until: 30 * ms },
  {
    parent: 1,
    name: "enhance_ticket",
    service: "worker",
    kind: "consumer",
    status: "error",
    from: 160 * ms,
    until: 400 * ms,
  },
  {
    parent: 2,
    name: "update_ticket",
    service: "worker",
    kind: "client",
    status: "error",
    from: 300 * ms,
    until: 390 * ms,
    events: [380 * ms],
  },
  {
    parent: 1,
    name: "enhance_ticket",
    service: "worker",
    kind: "consumer",
    status: "ok",
    from: 520 * ms,
    until: 1_180 * ms,
  },
  {
    parent: 4,
    name: "SELECT ticket_history",
    service: "history",
    kind: "client",
    from: 530 * ms,
    until: 640 * ms,
  },
  { parent: 4, name: "completion", service: "model", kind: "client", from: 650 * ms, until: 1_100 * ms },
  // The desk's clock is behind.
  { parent: 4, name: "POST /notes", service: "desk", kind: "server", from: 500 * ms, until: 560 * ms },
  { name: "\u202Ediona detrats ti erofeb sdne", service: "<b>desk</b>", from: 900 * ms, until: 900 * ms },
]);
made.columns.linkEnds.fill(1, 6);
// Its parent is missing, and it ends before it starts.
made.columns.flags[8] = 3;

export const sampleTrace = new TraceData({
  reading: 1,
  head: {
    ...made.head,
    summary: { ...failed, durationNs: made.totalNs, spanCount: made.count, errorCount: 2 },
    firstError: 3,
  },
  structure: made.columns,
  analysis: made.analysis,
  skews: [...made.skews],
});
export const failedSpan = made.spanId(3);

const long = "long ".repeat(600);
const details: SpanDetails = {
  parentSpanId: made.spanId(2),
  statusMessage: "403 Forbidden",
  attributes: [
    { key: "error.type", type: "string", value: "TL_DESK_REFUSED" },
    { key: "http.response.status_code", type: "int", value: "403" },
    { key: "retry", type: "bool", value: false },
    { key: "share", type: "double", value: 0.25 },
    { key: "nothing", type: "empty", value: null },
    { key: "list", type: "array", value: ["a", "b"] },
    { key: "two\nlines", type: "string", value: "one\ntwo" },
    { key: "long", type: "string", value: `${long}… [cut: 737856 more characters]` },
  ],
  events: [
    {
      name: "exception",
      offsetNs: 380 * ms,
      attributes: [
        { key: "exception.message", type: "string", value: "The desk refuses to write the note." },
        { key: "exception.stacktrace", type: "string", value: "DeskRefused\n    at write (desk.ts:12:3)" },
      ],
    },
  ],
  links: [{ traceId: "a".repeat(32), spanId: "b".repeat(16), attributes: [] }],
  resource: [{ key: "service.name", type: "string", value: "worker" }],
  scope: { name: "sample", version: "1" },
};

function groupOf(label: string, count: number, errors: number, longest: number): SpanGroup {
  const total = longest * count;
  return { label, count, errors, total, self: total / 2, p50: longest, p95: longest, longest, longestAt: 0 };
}
const groups = [
  groupOf("model: completion", 1, 0, 450 * ms),
  groupOf("worker: enhance_ticket", 2, 1, 660 * ms),
  groupOf("worker: update_ticket", 1, 1, 90 * ms),
];

/** Answers of itself, where others ask a worker that reads from the backend. */
export class SampleClient extends TraceClient {
  private readonly answers: { [Name in CallName]?: () => Calls[Name]["answer"] } = {
    span: () => details,
    find: () => Int32Array.of(2, 4),
    keys: () => [],
    callTree: () => callTreeOf(sampleTrace.columns, sampleTrace.analysis.selfTimes),
    callGraph: () => callGraphOf(sampleTrace.columns, sampleTrace.analysis.selfTimes, 80),
    statistics: () => groups,
  };

  override ask<Name extends CallName>(name: Name): Promise<Calls[Name]["answer"]> {
    const answer = this.answers[name];
    return answer === undefined
      ? Promise.reject(new Error(`${name} is not sampled`))
      : Promise.resolve(answer());
  }
}
