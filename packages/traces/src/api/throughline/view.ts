import type { Attribute, SpanView, TraceView } from "@throughline/api";
import { criticalPath } from "../../analyse/critical-path.ts";
import { summarise } from "../../analyse/summary.ts";
import { bottleneckOf, timeTree, type Timing } from "../../analyse/timing.ts";
import type { SpanTree } from "../../analyse/tree.ts";
import { type KeyValue, type ResourceRecord, serviceName, type SpanRecord } from "../../model.ts";
import { kindNames } from "../../query/kinds.ts";
import { jsonArray, jsonElements } from "../json-answer.ts";
import { plainJson } from "../json-value.ts";

const statusNames = { 0: "unset", 1: "ok", 2: "error" } as const;

/** A TraceView of `@throughline/api`, as pieces of JSON. */
export function* traceView(tree: SpanTree): Generator<string> {
  const timing = timeTree(tree);
  yield `{"summary":${JSON.stringify(summarise(tree))},"bottleneck":${JSON.stringify(bottleneck(tree, timing))},"criticalPath":`;
  yield* jsonArray(jsonElements(pathOf(tree, timing)));
  yield `,"spans":`;
  yield* jsonArray(jsonElements(spanViews(tree, timing)));
  yield "}";
}

/** The spans of a TraceView, one by one. */
export function spansOf(tree: SpanTree): Generator<SpanView> {
  return spanViews(tree, timeTree(tree));
}

function* pathOf(tree: SpanTree, timing: Timing): Generator<TraceView["criticalPath"][number]> {
  for (const { index, from, until } of criticalPath(tree, timing))
    yield { spanId: tree.spans[index]?.spanId ?? "", startOffsetNs: from, durationNs: until - from };
}

function bottleneck(tree: SpanTree, timing: Timing): TraceView["bottleneck"] {
  const index = bottleneckOf(timing);
  const span = index === undefined ? undefined : tree.spans[index];
  if (index === undefined || span === undefined) return null;
  const selfNs = timing.selfTimes[index] ?? 0;
  return { spanId: span.spanId, name: span.name, selfNs, percent: (selfNs / timing.durationNs) * 100 };
}

function* spanViews(tree: SpanTree, timing: Timing): Generator<SpanView> {
  const spanIds = new Set(tree.spans.map(({ spanId }) => spanId));
  const resources = new Map<ResourceRecord, Attribute[]>();
  for (const [index, span] of tree.spans.entries()) {
    let resource = resources.get(span.resource);
    if (resource === undefined)
      resources.set(span.resource, (resource = attributes(span.resource.attributes)));
    yield {
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
      attributes: attributes(span.attributes),
      events: events(span, timing.startUnixNano),
      links: span.links.map((link) => ({
        traceId: link.traceId,
        spanId: link.spanId,
        attributes: attributes(link.attributes),
      })),
      resource,
      scope: { name: span.scope.name, version: span.scope.version },
    };
  }
}

function events(span: SpanRecord, traceStart: bigint): SpanView["events"] {
  return span.events
    .map((event) => ({
      name: event.name,
      offsetNs: Number(event.timeUnixNano - traceStart),
      attributes: attributes(event.attributes),
    }))
    .sort((a, b) => a.offsetNs - b.offsetNs);
}

function attributes(list: readonly KeyValue[]): Attribute[] {
  return list.map(({ key, value }) => ({ key, type: value.type, value: plainJson(value) }));
}
