import type { AttributeValue, KeyValue, SpanRecord } from "../../packages/traces/src/model.ts";

/** Zipkin's JSON, as its clients write it. Only for what tests and benchmarks send. */

const kinds = [undefined, undefined, "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;

/** A list of v2 spans; attributes are tags, numbers and truth values as text, events annotations, what has no place is left out. */
export function zipkinV2(spans: readonly SpanRecord[]): string {
  return JSON.stringify(
    spans.map((span) => ({
      traceId: span.traceId,
      id: span.spanId,
      ...(span.parentSpanId === "" ? {} : { parentId: span.parentSpanId }),
      ...(kinds[span.kind] === undefined ? {} : { kind: kinds[span.kind] }),
      name: span.name,
      timestamp: Number(span.startUnixNano / 1_000n),
      duration: Number((span.endUnixNano - span.startUnixNano) / 1_000n),
      localEndpoint: { serviceName: serviceOf(span) },
      annotations: annotationsOf(span),
      tags: Object.fromEntries(
        [...span.attributes, ...statusTags(span)].map(({ key, value }) => [key, textOf(value)]),
      ),
    })),
  );
}

const pairs: Readonly<Record<number, [string, string]>> = { 2: ["sr", "ss"], 3: ["cs", "cr"] };

/** The same in v1: the kind is told by annotations, tags are binary annotations. */
export function zipkinV1(spans: readonly SpanRecord[]): string {
  return JSON.stringify(
    spans.map((span) => {
      const endpoint = { serviceName: serviceOf(span) };
      const start = Number(span.startUnixNano / 1_000n);
      const duration = Number((span.endUnixNano - span.startUnixNano) / 1_000n);
      const core = pairs[span.kind];
      return {
        traceId: span.traceId,
        id: span.spanId,
        ...(span.parentSpanId === "" ? {} : { parentId: span.parentSpanId }),
        name: span.name,
        timestamp: start,
        duration,
        annotations: [
          ...(core === undefined
            ? []
            : [
                { timestamp: start, value: core[0], endpoint },
                { timestamp: start + duration, value: core[1], endpoint },
              ]),
          ...annotationsOf(span).map((annotation) => ({ ...annotation, endpoint })),
        ],
        binaryAnnotations: [...span.attributes, ...statusTags(span)].map(({ key, value }) => ({
          key,
          value: textOf(value),
          endpoint,
        })),
      };
    }),
  );
}

function serviceOf({ resource }: SpanRecord): string {
  const value = resource.attributes.find(({ key }) => key === "service.name")?.value;
  return value?.type === "string" ? value.value : "";
}

function annotationsOf({ events }: SpanRecord): { timestamp: number; value: string }[] {
  return events.map(({ timeUnixNano, name }) => ({ timestamp: Number(timeUnixNano / 1_000n), value: name }));
}

function statusTags({ statusCode, statusMessage }: SpanRecord): KeyValue[] {
  if (statusCode === 0) return [];
  const tag = (key: string, value: string): KeyValue => ({ key, value: { type: "string", value } });
  return [
    tag("otel.status_code", statusCode === 1 ? "Ok" : "Error"),
    ...(statusMessage === "" ? [] : [tag("otel.status_description", statusMessage)]),
  ];
}

function textOf(value: AttributeValue): string {
  if (value.type === "string" || value.type === "int" || value.type === "bool" || value.type === "double")
    return String(value.value);
  throw new Error("Zipkin's tags are texts");
}
