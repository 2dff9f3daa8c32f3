import type { StructureColumns } from "@throughline/api/trace-columns";
import { kindNames, statusNames } from "./names.ts";
import { TraceData } from "./trace-data.ts";
import { analyse } from "./worker/analysis.ts";
import { findClockSkew } from "./worker/clock-skew.ts";

/** For tests. Times in nanoseconds after the trace's start. */
export interface TestSpan {
  /** Index of its parent, which stands before it. */
  parent?: number;
  from?: number;
  until?: number;
  name?: string;
  service?: string;
  clock?: string;
  kind?: (typeof kindNames)[number];
  status?: (typeof statusNames)[number];
  events?: number[];
}

/** For tests: a trace of these spans, given parent before child and siblings by start. Their ids count from 1. */
export function traceOf(spans: readonly TestSpan[]): TraceData {
  const names = [...new Set(spans.map(({ name = "span" }) => name))];
  const services = [...new Set(spans.map(({ service = "service" }) => service))];
  const clocks = [...new Set(spans.map(({ clock, service = "service" }) => clock ?? service))];
  const depths: number[] = [];
  for (const { parent = -1 } of spans) depths.push(parent < 0 ? 0 : (depths[parent] ?? 0) + 1);
  const spanIds = new Uint8Array(spans.length * 8);
  spans.forEach((_, at) => new DataView(spanIds.buffer).setBigUint64(at * 8, BigInt(at + 1)));
  let events = 0;
  const structure: StructureColumns = {
    starts: Float64Array.from(spans, ({ from = 0 }) => from),
    durations: Float64Array.from(spans, ({ from = 0, until = from + 10 }) => until - from),
    parents: Int32Array.from(spans, ({ parent = -1 }) => parent),
    depths: Int32Array.from(depths),
    names: Uint32Array.from(spans, ({ name = "span" }) => names.indexOf(name)),
    services: Uint32Array.from(spans, ({ service = "service" }) => services.indexOf(service)),
    clocks: Uint32Array.from(spans, ({ clock, service = "service" }) => clocks.indexOf(clock ?? service)),
    kindStatus: Uint8Array.from(
      spans,
      ({ kind = "internal", status = "unset" }) =>
        kindNames.indexOf(kind) | (statusNames.indexOf(status) << 4),
    ),
    flags: new Uint8Array(spans.length),
    spanIds,
    eventEnds: Uint32Array.from(spans, (span) => (events += span.events?.length ?? 0)),
    eventTimes: Float64Array.from(spans.flatMap((span) => span.events ?? [])),
    linkEnds: new Uint32Array(spans.length),
  };
  return new TraceData({
    reading: 1,
    head: {
      summary: {
        traceId: "a".repeat(32),
        rootService: services[0] ?? "",
        rootOperation: names[0] ?? "",
        startUnixNano: "0",
        durationNs: 0,
        spanCount: spans.length,
        errorCount: 0,
        services: [],
        ticketId: null,
        tenantId: null,
        priority: null,
        enhancementStatus: null,
        slow: false,
        firstError: null,
      },
      firstError: -1,
      names,
      services,
      clocks,
      messages: [""],
      eventNames: [],
      keys: [],
      scopes: [],
    },
    structure,
    analysis: analyse(structure),
    skews: findClockSkew(structure, clocks.length),
  });
}

/** For tests: a span below a span below a span. */
export function chainOf(count: number): TraceData {
  return traceOf(
    Array.from({ length: count }, (_, at) => ({
      parent: at - 1,
      from: at,
      until: 2 * count - at,
      name: "call",
    })),
  );
}
