import { expect, test } from "vitest";
import type { SpanRecord } from "../model.ts";
import { exampleSpan, resourceOf, text } from "../store/example-spans.ts";
import { summarise } from "./summary.ts";
import { buildTree } from "./tree.ts";

const hex = (id: number): string => id.toString(16).padStart(16, "0");

function span(id: number, parent: number, name: string, parts: Partial<SpanRecord> = {}): SpanRecord {
  return exampleSpan({
    spanId: hex(id),
    parentSpanId: parent === 0 ? "" : hex(parent),
    name,
    startUnixNano: BigInt(id) * 100n,
    endUnixNano: BigInt(id) * 100n + 50n,
    ...parts,
  });
}

const error = (statusMessage: string): Partial<SpanRecord> => ({ statusCode: 2, statusMessage });
const summary = (spans: readonly SpanRecord[]) => summarise(buildTree(spans));

const firstAttempt = [
  span(1, 0, "POST /webhook/servicedesk", {
    attributes: [text("ticket.id", "T-1"), text("tenant.id", "acme")],
  }),
  span(2, 1, "job_queued"),
  span(3, 2, "enhance_ticket", {
    ...error("desk refused"),
    attributes: [text("enhancement.status", "failed"), text("ticket.priority", "high")],
  }),
  span(4, 3, "api.servicedesk_plus.update_ticket", error("403 Forbidden")),
];

test("a ticket's trace tells its ticket, tenant, priority, outcome and first cause", () => {
  expect(summary(firstAttempt)).toEqual({
    traceId: "0af7651916cd43dd8448eb211c80319c",
    rootService: "shop",
    rootOperation: "POST /webhook/servicedesk",
    startUnixNano: "100",
    durationNs: 350,
    spanCount: 4,
    errorCount: 2,
    services: [{ name: "shop", spanCount: 4, errorCount: 2 }],
    ticketId: "T-1",
    tenantId: "acme",
    priority: "high",
    enhancementStatus: "failed",
    slow: false,
    firstError: { spanName: "api.servicedesk_plus.update_ticket", message: "403 Forbidden" },
  });
});

test("the newest attempt decides: what failed before it is history", () => {
  const cured = span(5, 2, "enhance_ticket", { attributes: [text("enhancement.status", "success")] });
  expect(summary([...firstAttempt, cured])).toMatchObject({
    enhancementStatus: "success",
    firstError: null,
    errorCount: 2,
  });
  const partial = [cured, span(6, 5, "llm.openai.completion", error("429 Too Many Requests"))];
  expect(summary([...firstAttempt, ...partial])).toMatchObject({
    firstError: { spanName: "llm.openai.completion", message: "429 Too Many Requests" },
  });
});

test("a trace without attempts shows its deepest error, the earliest of equals", () => {
  const trace = [
    span(1, 0, "root", error("root")),
    span(2, 1, "a"),
    span(3, 1, "b", error("b")),
    span(4, 1, "c", error("c")),
  ];
  expect(summary(trace).firstError).toEqual({ spanName: "b", message: "b" });
  expect(summary(trace).enhancementStatus).toBeNull();
});

test("an error without a status message is told by its attributes or its exception", () => {
  const exception = {
    name: "exception",
    timeUnixNano: 1n,
    attributes: [text("exception.message", "it broke")],
    droppedAttributesCount: 0,
  };
  expect(summary([span(1, 0, "a", { ...error(""), events: [exception] })]).firstError?.message).toBe(
    "it broke",
  );
  const attributes = [text("error.message", "refused")];
  expect(summary([span(1, 0, "a", { ...error(""), attributes })]).firstError?.message).toBe("refused");
});

test("slow_trace counts as a boolean and as text, on any span", () => {
  const slow = { attributes: [{ key: "slow_trace", value: { type: "bool", value: true } as const }] };
  expect(summary([span(1, 0, "a"), span(2, 1, "b", slow)]).slow).toBe(true);
  expect(summary([span(1, 0, "a", { attributes: [text("slow_trace", "true")] })]).slow).toBe(true);
  expect(summary([span(1, 0, "a", { attributes: [text("slow_trace", "false")] })]).slow).toBe(false);
});

test("the root is the earliest span without a parent, else the earliest whose parent is missing", () => {
  const orphan = span(1, 9, "orphan", { resource: resourceOf("edge") });
  expect(summary([orphan, span(2, 0, "root")])).toMatchObject({ rootOperation: "root", rootService: "shop" });
  expect(summary([orphan, span(2, 1, "child")])).toMatchObject({
    rootOperation: "orphan",
    rootService: "edge",
  });
});
