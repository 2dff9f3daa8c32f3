import { RE2JS } from "re2js";
import * as fc from "fast-check";
import { type KeyValue, serviceName, type SpanRecord } from "../../model.ts";
import { type AttributePlace, type Condition, statusNames, type ValueTest } from "../../query/condition.ts";
import { kindNames } from "../../query/kinds.ts";
import type { Facet, FacetWindow, SearchCursor, SpanQuery } from "../../query/reader.ts";
import { attributeText } from "../attribute-text.ts";
import { exampleSpan, plainScope, resourceOf, text } from "../example-spans.ts";

/** For tests: the obvious way to answer what `StoreReader` answers, over spans in a list; copies were left out before. */
export function naiveSearch(spans: readonly SpanRecord[], query: SpanQuery): SearchCursor[] {
  const traces = Map.groupBy(spans, ({ traceId }) => traceId);
  const slowTag = query.tags.find(({ key, value }) => key === "slow_trace" && value === "true");
  const tags = query.tags.filter((tag) => tag !== slowTag);
  const found: SearchCursor[] = [];
  for (const [traceId, trace] of traces) {
    const isSlow = trace.some(({ attributes }) =>
      attributes.some(({ key, value }) => key === "slow_trace" && attributeText(value) === "true"),
    );
    if (slowTag !== undefined && !isSlow) continue;
    if (isSlow && tags.some(({ key, value }) => key === "slow_trace" && value === "false")) continue;
    const duration =
      max(trace.map((span) => span.endUnixNano)) - min(trace.map((span) => span.startUnixNano));
    if (query.traceDurationMin !== undefined && duration < query.traceDurationMin) continue;
    if (query.traceDurationMax !== undefined && duration > query.traceDurationMax) continue;
    const starts = trace.filter((span) => meets(span, { ...query, tags })).map((span) => span.startUnixNano);
    if (starts.length > 0) found.push({ traceId, start: max(starts) });
  }
  const { after } = query;
  return found
    .sort((a, b) => (a.start === b.start ? (a.traceId < b.traceId ? -1 : 1) : a.start > b.start ? -1 : 1))
    .filter(
      (match) =>
        after === undefined ||
        match.start < after.start ||
        (match.start === after.start && match.traceId > after.traceId),
    )
    .slice(0, query.limit);
}

function meets(span: SpanRecord, query: SpanQuery): boolean {
  const duration = durationOf(span);
  return (
    (query.service === undefined || serviceName(span.resource) === query.service) &&
    (query.operation === undefined || span.name === query.operation) &&
    (query.startMin === undefined || span.startUnixNano >= query.startMin) &&
    (query.startMax === undefined || span.startUnixNano <= query.startMax) &&
    (query.durationMin === undefined || duration >= query.durationMin) &&
    (query.durationMax === undefined || duration <= query.durationMax) &&
    query.tags.every((tag) => meetsTag(span, tag)) &&
    (query.where === undefined || holds(span, query.where))
  );
}

function meetsTag(span: SpanRecord, { key, value }: { key: string; value: string }): boolean {
  if (
    attributesOf(span).some((attribute) => attribute.key === key && attributeText(attribute.value) === value)
  )
    return true;
  switch (key) {
    case "error":
      return value === "true" ? span.statusCode === 2 : value === "false" && span.statusCode !== 2;
    case "span.kind":
      return kindNames[span.kind] === value;
    case "otel.status_code":
      return span.statusCode !== 0 && value === ["", "OK", "ERROR"][span.statusCode];
    case "event":
      return value !== "" && span.events.some(({ name }) => name === value);
    default:
      return false;
  }
}

function holds(span: SpanRecord, condition: Condition): boolean {
  if ("all" in condition) return condition.all.every((part) => holds(span, part));
  if ("any" in condition) return condition.any.some((part) => holds(span, part));
  if ("not" in condition) return !holds(span, condition.not);
  if ("attribute" in condition) {
    return attributesOf(span, condition.place).some(({ key, value }) => {
      if (key !== condition.attribute) return false;
      const number = value.type === "int" || value.type === "double" ? Number(value.value) : undefined;
      return passes(condition.test, attributeText(value), number);
    });
  }
  switch (condition.field) {
    case "name":
      return passes(condition.test, span.name);
    case "service":
      return passes(condition.test, serviceName(span.resource));
    case "kind":
      return passes(condition.test, kindNames[span.kind]);
    case "status":
      return passes(condition.test, statusNames[span.statusCode]);
    case "statusMessage":
      return span.statusMessage !== "" && passes(condition.test, span.statusMessage);
    case "scopeName":
      return span.scope.name !== "" && passes(condition.test, span.scope.name);
    case "scopeVersion":
      return span.scope.version !== "" && passes(condition.test, span.scope.version);
    case "traceState":
      return span.traceState !== "" && passes(condition.test, span.traceState);
    case "event":
      return span.events.some(({ name }) => name !== "" && passes(condition.test, name));
    case "duration":
      return passes(condition.test, String(durationOf(span)), Number(durationOf(span)));
  }
}

function passes(test: ValueTest, value: string, number?: number): boolean {
  switch (test.is) {
    case "exists":
      return true;
    case "=":
      return value === test.text;
    case "!=":
      return value !== test.text;
    case "=~":
      return RE2JS.compile(test.pattern).matcher(value).find();
    case "!~":
      return !RE2JS.compile(test.pattern).matcher(value).find();
    case "<":
      return number !== undefined && number < test.number;
    case "<=":
      return number !== undefined && number <= test.number;
    case ">":
      return number !== undefined && number > test.number;
    case ">=":
      return number !== undefined && number >= test.number;
  }
}

export function naiveFacet(
  spans: readonly SpanRecord[],
  window: FacetWindow,
  textsOf: (span: SpanRecord) => string[],
): Facet[] {
  const counts = new Map<string, number>();
  for (const span of spans) {
    if (span.startUnixNano < window.startMin || span.startUnixNano > window.startMax) continue;
    for (const one of new Set(textsOf(span))) counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  return Array.from(counts, ([name, count]) => ({ text: name, spans: count }))
    .sort((a, b) => b.spans - a.spans || (a.text < b.text ? -1 : 1))
    .slice(0, window.limit);
}

export function attributesOf(span: SpanRecord, place?: AttributePlace): KeyValue[] {
  const all: Record<AttributePlace, KeyValue[]> = {
    span: span.attributes,
    resource: span.resource.attributes,
    scope: span.scope.attributes,
    event: span.events.flatMap(({ attributes }) => attributes),
    link: span.links.flatMap(({ attributes }) => attributes),
  };
  return place === undefined ? Object.values(all).flat() : all[place];
}

function durationOf({ startUnixNano, endUnixNano }: SpanRecord): bigint {
  return endUnixNano > startUnixNano ? endUnixNano - startUnixNano : 0n;
}

const max = (values: readonly bigint[]): bigint => values.reduce((a, b) => (a > b ? a : b));
const min = (values: readonly bigint[]): bigint => values.reduce((a, b) => (a < b ? a : b));

const keys = ["a", "b", "http.status", "error", "slow_trace"];
const words = ["x", "yy", "true", "false", "200"];
const key = fc.constantFrom(...keys);
const word = fc.constantFrom(...words);
const baseNs = 1_700_000_000_000_000_000n;
const attribute: fc.Arbitrary<KeyValue> = fc.oneof(
  fc.record({ key, value: fc.record({ type: fc.constant("string" as const), value: word }) }),
  fc.record({
    key,
    value: fc.record({ type: fc.constant("int" as const), value: fc.bigInt({ min: -3n, max: 300n }) }),
  }),
  fc.record({ key, value: fc.record({ type: fc.constant("bool" as const), value: fc.boolean() }) }),
  fc.record({
    key,
    value: fc.record({ type: fc.constant("double" as const), value: fc.double({ min: 0, max: 5 }) }),
  }),
);
const few = fc.array(attribute, { maxLength: 3 });

/** Spans of few traces, with few keys and values, so that queries find some. Ids are for the caller to make unique. */
export const smallSpan: fc.Arbitrary<SpanRecord> = fc
  .record({
    trace: fc.nat({ max: 12 }),
    start: fc.bigInt({ min: 0n, max: 400_000_000_000n }),
    length: fc.bigInt({ min: -5n, max: 90_000_000_000n }),
    name: word,
    kind: fc.constantFrom(0, 1, 2, 3, 4, 5),
    status: fc.constantFrom(0, 1, 2),
    message: fc.constantFrom("", "x"),
    service: fc.constantFrom("shop", "desk"),
    attributes: few,
    resource: few,
    scope: few,
    event: fc.option(few),
    link: fc.option(few),
  })
  .map((parts) =>
    exampleSpan({
      traceId: String(parts.trace + 1).padStart(32, "0"),
      startUnixNano: baseNs + parts.start,
      endUnixNano: baseNs + parts.start + parts.length,
      name: parts.name,
      kind: parts.kind,
      statusCode: parts.status,
      statusMessage: parts.message,
      attributes: parts.attributes,
      resource: {
        ...resourceOf(parts.service),
        attributes: [text("service.name", parts.service), ...parts.resource],
      },
      scope: { ...plainScope, attributes: parts.scope },
      events:
        parts.event === null
          ? []
          : [{ timeUnixNano: baseNs, name: "yy", attributes: parts.event, droppedAttributesCount: 0 }],
      links:
        parts.link === null
          ? []
          : [
              {
                traceId: "f".repeat(32),
                spanId: "f".repeat(16),
                traceState: "",
                attributes: parts.link,
                droppedAttributesCount: 0,
                flags: 0,
              },
            ],
    }),
  );

const valueTest: fc.Arbitrary<ValueTest> = fc.oneof(
  fc.constant({ is: "exists" as const }),
  fc.record({
    is: fc.constantFrom("=" as const, "!=" as const),
    text: fc.oneof(word, fc.nat({ max: 4 }).map(String)),
  }),
  fc.record({
    is: fc.constantFrom("<" as const, "<=" as const, ">" as const, ">=" as const),
    number: fc.integer({ min: -2, max: 200 }),
  }),
  fc.record({
    is: fc.constantFrom("=~" as const, "!~" as const),
    pattern: fc.constantFrom("^x", "e$", "0+", "y|t"),
  }),
);
const condition = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record(
      {
        attribute: key,
        place: fc.constantFrom(
          "span" as const,
          "resource" as const,
          "scope" as const,
          "event" as const,
          "link" as const,
        ),
        test: valueTest,
      },
      { requiredKeys: ["attribute", "test"] },
    ),
    fc.record({
      field: fc.constantFrom(
        "name" as const,
        "service" as const,
        "kind" as const,
        "status" as const,
        "statusMessage" as const,
        "scopeName" as const,
        "traceState" as const,
        "event" as const,
        "duration" as const,
      ),
      test: valueTest,
    }),
    fc.record({ all: fc.array(tie("tree"), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("tree"), { maxLength: 3 }) }),
    fc.record({ not: tie("tree") }),
  ),
})).tree;
const time = fc.bigInt({ min: 0n, max: 400_000_000_000n }).map((offset) => baseNs + offset);
const length = fc.bigInt({ min: 0n, max: 90_000_000_000n });

export const anyQuery: fc.Arbitrary<SpanQuery> = fc.record(
  {
    service: fc.constantFrom("shop", "desk", "nobody"),
    operation: word,
    tags: fc.array(
      fc.record({
        key: fc.oneof(key, fc.constantFrom("span.kind", "otel.status_code", "event")),
        value: fc.oneof(word, fc.constantFrom("OK", "ERROR", "server")),
      }),
      { maxLength: 2 },
    ),
    where: condition,
    startMin: time,
    startMax: time,
    durationMin: length,
    durationMax: length,
    traceDurationMin: length,
    traceDurationMax: fc.bigInt({ min: 0n, max: 500_000_000_000n }),
    limit: fc.nat({ max: 8 }),
    after: fc.record({ start: time, traceId: fc.nat({ max: 13 }).map((n) => String(n).padStart(32, "0")) }),
  },
  { requiredKeys: ["tags", "limit"] },
);
