import type { Attribute, SpanView, TraceView } from "@throughline/api";
import { bottleneckOf, criticalPathOf } from "@throughline/api/trace-timing";
import { summarise } from "../../analyse/summary.ts";
import { timeTree, type Timing } from "../../analyse/timing.ts";
import type { SpanTree } from "../../analyse/tree.ts";
import { type KeyValue, type ResourceRecord, serviceName, type SpanRecord } from "../../model.ts";
import { kindNames } from "../../query/kinds.ts";
import { jsonArray, jsonElements } from "../json-answer.ts";
import { Texts } from "../json-texts.ts";
import { plainJson } from "../json-value.ts";

const statusNames = { 0: "unset", 1: "ok", 2: "error" } as const;

/** A TraceView of `@throughline/api`, as pieces of JSON. */
export function* traceView(tree: SpanTree): Generator<string> {
  const timing = timeTree(tree);
  yield `{"summary":${JSON.stringify(summarise(tree))},"bottleneck":${JSON.stringify(bottleneck(tree, timing))},"criticalPath":`;
  yield* jsonArray(jsonElements(pathOf(tree, timing)));
  yield `,"spans":`;
  yield* jsonArray(inPieces(spanTexts(tree, timing)));
  yield "}";
}

/** The spans of a TraceView, each on a line. */
export function* spanLines(tree: SpanTree): Generator<string> {
  for (const text of spanTexts(tree, timeTree(tree))) yield `${text}\n`;
}

function* inPieces(texts: Iterable<string>): Generator<[string]> {
  for (const text of texts) yield [text];
}

function* pathOf(tree: SpanTree, timing: Timing): Generator<TraceView["criticalPath"][number]> {
  const { startOffsets: starts, durations, durationNs } = timing;
  for (const { index, from, until } of criticalPathOf(
    { parents: tree.parents, starts, durations },
    durationNs,
  ))
    yield { spanId: tree.spans[index]?.spanId ?? "", startOffsetNs: from, durationNs: until - from };
}

function bottleneck(tree: SpanTree, timing: Timing): TraceView["bottleneck"] {
  const index = bottleneckOf(timing.durationNs, timing.selfTimes);
  const span = index === undefined ? undefined : tree.spans[index];
  if (index === undefined || span === undefined) return null;
  const selfNs = timing.selfTimes[index] ?? 0;
  return { spanId: span.spanId, name: span.name, selfNs, percent: (selfNs / timing.durationNs) * 100 };
}

/** Attributes, which are most of the text, are written once for all spans that share them. */
function* spanTexts(tree: SpanTree, timing: Timing): Generator<string> {
  const spanIds = new Set(tree.spans.map(({ spanId }) => spanId));
  const attributeTexts = new Texts<KeyValue>((attribute) => JSON.stringify(attributeOf(attribute)));
  const resources = new Texts<ResourceRecord>((resource) => attributeTexts.list(resource.attributes));
  for (const [index, span] of tree.spans.entries()) {
    const rest: Omit<SpanView, "attributes" | "resource"> = {
      spanId: span.spanId,
      parentSpanId: span.parentSpanId === "" ? null : span.parentSpanId,
      parentMissing: span.parentSpanId !== "" && !spanIds.has(span.parentSpanId),
      name: span.name,
      service: serviceName(span.resource),
      kind: kindNames[span.kind],
      startOffsetNs: timing.startOffsets[index] ?? 0,
      durationNs: timing.durations[index] ?? 0,
      selfNs: timing.selfTimes[index] ?? 0,
      depth: tree.depths[index] ?? 0,
      status: statusNames[span.statusCode],
      statusMessage: span.statusMessage,
      events: events(span, timing.startUnixNano),
      links: span.links.map((link) => ({
        traceId: link.traceId,
        spanId: link.spanId,
        attributes: attributes(link.attributes),
      })),
      scope: { name: span.scope.name, version: span.scope.version },
    };
    const own = attributeTexts.list(span.attributes);
    yield `${JSON.stringify(rest).slice(0, -1)},"attributes":${own},"resource":${resources.of(span.resource)}}`;
  }
}

function events(span: SpanRecord, traceStart: bigint): SpanView["events"] {
  return (
    span.events
      // By the exact time: offsets are rounded where they are large.
      .toSorted((a, b) => Number(a.timeUnixNano > b.timeUnixNano) - Number(a.timeUnixNano < b.timeUnixNano))
      .map((event) => ({
        name: event.name,
        offsetNs: Number(event.timeUnixNano - traceStart),
        attributes: attributes(event.attributes),
      }))
  );
}

function attributes(list: readonly KeyValue[]): Attribute[] {
  return list.map(attributeOf);
}

function attributeOf({ key, value }: KeyValue): Attribute {
  return { key, type: value.type, value: plainJson(value) };
}
