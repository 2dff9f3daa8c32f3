import { expect, test } from "vitest";
import { serviceName, type SpanRecord } from "../model.ts";
import { exampleSpan, resourceOf, text } from "../store/example-spans.ts";
import { sanitize } from "./sanitize.ts";
import { warningsOf } from "./warnings.ts";

function sanitized(span: Partial<SpanRecord>): SpanRecord {
  const [only] = sanitize([exampleSpan(span)]);
  if (only === undefined) throw new Error("no span");
  return only;
}

test("a service name that is missing, empty or no text is replaced in the resource", () => {
  const names = [
    [text("a", "b")],
    [text("service.name", "")],
    [{ key: "service.name", value: { type: "int", value: 1n } }],
  ];
  const shown = names.map((attributes) =>
    serviceName(
      sanitized({ resource: { ...resourceOf(""), attributes: attributes as SpanRecord["attributes"] } })
        .resource,
    ),
  );
  expect(shown).toEqual(["missing-service-name", "empty-service-name", "service-name-wrong-type"]);
});

test("an empty span name is replaced", () => {
  expect(sanitized({ name: "" }).name).toBe("empty-span-name");
});

test("a span that does not end after its start lasts 1 ns, with a warning", () => {
  const span = sanitized({ startUnixNano: 100n, endUnixNano: 90n });
  expect(span.endUnixNano).toBe(101n);
  expect(warningsOf(span)).toEqual(["the span ended -10 ns after its start, shown as 1 ns"]);
});

test("what is in order stays", () => {
  expect(sanitized({})).toEqual(exampleSpan());
});
