import { expect, test } from "vitest";
import type { SpanRecord } from "../model.ts";
import { exampleSpan, resourceOf, text } from "../store/example-spans.ts";
import { adjust } from "./adjust.ts";
import { warningsOf } from "./warnings.ts";

const keys = (attributes: readonly { key: string }[]): string[] => attributes.map(({ key }) => key);

function adjusted(span: Partial<SpanRecord>): SpanRecord {
  const [only] = adjust([exampleSpan(span)]);
  if (only === undefined) throw new Error("no span");
  return only;
}

test("attributes are sorted by key everywhere, events by name, and the spans given stay as they were", () => {
  const unsorted = () => [text("b", "1"), text("a", "2")];
  const event = { timeUnixNano: 1n, attributes: unsorted(), droppedAttributesCount: 0 };
  const given = exampleSpan({
    attributes: unsorted(),
    events: [
      { ...event, name: "second" },
      { ...event, name: "first" },
    ],
    resource: { ...resourceOf("shop"), attributes: unsorted() },
  });
  const before = structuredClone(given);
  const [span] = adjust([given]);
  expect(keys(span?.attributes ?? [])).toEqual(["a", "b"]);
  expect(keys(span?.resource.attributes ?? [])).toEqual(["a", "b"]);
  expect(span?.events.map(({ name, attributes }) => [name, ...keys(attributes)])).toEqual([
    ["first", "a", "b"],
    ["second", "a", "b"],
  ]);
  expect(given).toEqual(before);
});

test("a numeric address becomes a dotted quad", () => {
  const { attributes } = adjusted({
    attributes: [
      { key: "ip", value: { type: "int", value: 0x0a000005n } },
      { key: "peer.ipv4", value: { type: "double", value: 0xc0a80001 } },
      { key: "port", value: { type: "int", value: 80n } },
    ],
  });
  expect(attributes).toEqual([
    text("ip", "10.0.0.5"),
    text("peer.ipv4", "192.168.0.1"),
    { key: "port", value: { type: "int", value: 80n } },
  ]);
});

test("a link without a trace id is removed, and a warning says so", () => {
  const link = {
    spanId: "1".repeat(16),
    traceState: "",
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
  };
  const span = adjusted({
    links: [
      { ...link, traceId: "0".repeat(32) },
      { ...link, traceId: "a".repeat(32) },
    ],
  });
  expect(span.links.map(({ traceId }) => traceId)).toEqual(["a".repeat(32)]);
  expect(warningsOf(span)).toEqual(["a link without a trace ID was removed"]);
});

test("what a span says of its SDK goes to its resource; where that says otherwise, it stays with a warning", () => {
  const sdk = [text("telemetry.sdk.name", "otel"), text("telemetry.sdk.language", "go"), text("a", "b")];
  const resource = resourceOf("shop");
  const known = {
    ...resource,
    attributes: [...resource.attributes, text("telemetry.sdk.language", "nodejs")],
  };
  const span = adjusted({ attributes: sdk, resource: known });
  expect(keys(span.resource.attributes)).toContain("telemetry.sdk.name");
  expect(span.attributes.filter(({ key }) => !key.startsWith("@"))).toEqual([
    text("a", "b"),
    text("telemetry.sdk.language", "go"),
  ]);
  expect(warningsOf(span).join()).toContain("telemetry.sdk.language");
});
