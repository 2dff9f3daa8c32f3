import type { SpanRecord } from "../model.ts";
import type { SpanQuery } from "../query/reader.ts";

/**
 * Conditions that are asked of the storage, from most to least. Storages differ in what they take together, and in the names under which
 * they find what is no attribute.
 */
export const pushes = ["all", "no durations", "plain tags", "times"] as const;
export type Pushed = (typeof pushes)[number];

/** Some storages know these fields of a span as tags, others do not. */
const fieldTags = new Set([
  "event",
  "otel.status_code",
  "otel.status_description",
  "otel.scope.name",
  "otel.scope.version",
  "w3c.tracestate",
]);

type Tags = SpanQuery["tags"];

/** Whether the storage, asked for "all", finds the matches and no others. */
export function isSaidBy({ tags, where, traceDurationMin, traceDurationMax }: SpanQuery): boolean {
  return (
    where === undefined &&
    traceDurationMin === undefined &&
    traceDurationMax === undefined &&
    pushable(tags).length === tags.length
  );
}

/** TraceQueryParameters of jaeger.storage.v2; undefined where it would be the query of a push before. */
export function findRequest(
  query: SpanQuery,
  service: string | undefined,
  depth: number,
  pushed: Pushed,
): object | undefined {
  const { durationMin, durationMax } = query;
  const tags = pushable(query.tags);
  const hasFieldTags = tags.some(({ key }) => fieldTags.has(key));
  if (pushed === "no durations" && durationMin === undefined && durationMax === undefined) return undefined;
  if (pushed === "plain tags" && !hasFieldTags) return undefined;
  if (pushed === "times" && tags.length === 0 && query.operation === undefined) return undefined;
  const asked =
    pushed === "times" ? [] : pushed === "plain tags" ? tags.filter(({ key }) => !fieldTags.has(key)) : tags;
  return {
    serviceName: service ?? "",
    operationName: pushed === "times" ? "" : (query.operation ?? ""),
    // Jaeger's own users send text too.
    attributes: asked.map(({ key, value }) => ({ key, value: { stringValue: value } })),
    startTimeMin: secondsOf(query.startMin ?? 0n),
    startTimeMax: secondsOf(query.startMax ?? latest),
    ...(pushed === "all" && durationMin !== undefined ? { durationMin: secondsOf(durationMin) } : {}),
    ...(pushed === "all" && durationMax !== undefined ? { durationMax: secondsOf(durationMax) } : {}),
    searchDepth: depth,
  };
}

/** `slow_trace` is the trace's: one span of a slow one says so, others may say the contrary. */
function pushable(tags: Tags): Tags {
  if (tags.length === 1 && tags[0]?.value === "true") return tags;
  return tags.filter(({ key }) => key !== "slow_trace");
}

/** Databases of Go programs count nanoseconds in 63 bits. */
const latest = 2n ** 63n - 1n;

function secondsOf(ns: bigint): { seconds: string; nanos: number } {
  const within = ns > latest ? latest : ns;
  return { seconds: String(within / 1_000_000_000n), nanos: Number(within % 1_000_000_000n) };
}

/** Whether no value lies between these. */
export function isEmpty(smallest: bigint | undefined, largest: bigint | undefined): boolean {
  return smallest !== undefined && largest !== undefined && largest < smallest;
}

/** Of spans that do not start after `startMax`. */
export function newestStart(spans: readonly SpanRecord[], startMax: bigint | undefined): bigint {
  let newest = 0n;
  for (const { startUnixNano } of spans)
    if (startUnixNano > newest && (startMax === undefined || startUnixNano <= startMax))
      newest = startUnixNano;
  return newest;
}
