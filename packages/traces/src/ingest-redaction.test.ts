import { createRedactor, type Redactor } from "@throughline/redaction";
import { expect, test } from "vitest";
import { decodeIntoHead } from "./decode/otlp-columns.ts";
import { ValueRedactor } from "./ingest-redaction.ts";
import type { AttributeValue, KeyValue, SpanRecord } from "./model.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import { exampleSpan, text } from "./store/example-spans.ts";
import { Head } from "./store/head/head.ts";
import { HeadReader } from "./store/head/head-reader.ts";
import { smallHead } from "./store/open-store.ts";

const secret = "sk-live0123456789abcdef";

function redact(spans: readonly SpanRecord[], redactor: Redactor = createRedactor()): readonly SpanRecord[] {
  const head = new Head(smallHead, new ValueRedactor(redactor), 7);
  decodeIntoHead(encodeBatch(spans), head);
  const reader = new HeadReader(head.columns, head.counts);
  return spans.map((_span, row) => reader.span(row));
}

function attributes(...list: [string, AttributeValue][]): KeyValue[] {
  return list.map(([key, value]) => ({ key, value }));
}

test("a credential is found in every string that a span carries", () => {
  const list: KeyValue[] = [
    text("note", `use ${secret}`),
    text(`about ${secret}`, "x"),
    { key: "list", value: { type: "array", value: [{ type: "string", value: secret }] } },
    { key: "map", value: { type: "map", value: [text("inner", secret), text(secret, "x")] } },
  ];
  const span = exampleSpan({
    name: `call ${secret}`,
    traceState: `vendor=${secret}`,
    statusMessage: `refused ${secret}`,
    attributes: list,
    events: [{ timeUnixNano: 1n, name: secret, attributes: list, droppedAttributesCount: 0 }],
    links: [
      {
        traceId: "a".repeat(32),
        spanId: "b".repeat(16),
        traceState: secret,
        attributes: list,
        droppedAttributesCount: 0,
        flags: 0,
      },
    ],
    resource: { attributes: list, droppedAttributesCount: 0, schemaUrl: secret },
    scope: { name: secret, version: secret, attributes: list, droppedAttributesCount: 0, schemaUrl: secret },
  });
  const bytes = Buffer.from(encodeBatch(redact([span]))).toString("latin1");
  expect(bytes).not.toContain(secret);
  expect(bytes.split("[REDACTED]").length - 1).toBe(34);
});

test("under a sensitive key everything is hidden but numbers and truth values", () => {
  const [span] = redact([
    exampleSpan({
      attributes: attributes(
        ["api_key", { type: "string", value: "abc" }],
        ["db.password", { type: "bytes", value: Uint8Array.of(1, 2) }],
        ["auth.tokens", { type: "array", value: [{ type: "int", value: 4711n }] }],
        ["client_secret", { type: "map", value: [text("harmless", "abc")] }],
        ["max.token", { type: "int", value: 5n }],
        ["use.token", { type: "bool", value: true }],
        ["gen_ai.usage.output_tokens", { type: "int", value: 12n }],
      ),
    }),
  ]);
  const hidden = { type: "string", value: "[REDACTED]" };
  expect(span?.attributes.map(({ value }) => value)).toEqual([
    hidden,
    hidden,
    hidden,
    hidden,
    { type: "int", value: 5n },
    { type: "bool", value: true },
    { type: "int", value: 12n },
  ]);
});

test("a rule that fails drops the value and is counted", () => {
  const failing: Redactor = {
    ...createRedactor(),
    isSensitiveKey: () => {
      throw new Error("broken rule");
    },
    text: (value) => value,
    string: () => {
      throw new Error("broken rule");
    },
  };
  const redactor = new ValueRedactor(failing);
  const list = attributes(["a", { type: "string", value: "x" }], ["b", { type: "array", value: [] }]);
  expect(list.map((attribute) => redactor.attribute(attribute))).toEqual([
    text("a", "[REDACTED]"),
    text("b", "[REDACTED]"),
  ]);
  expect(redactor.failures).toBeGreaterThan(0);
});
