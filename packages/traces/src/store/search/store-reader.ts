import type { TracePart } from "@throughline/api/trace-columns";
import { ownerOf, type SpanKind, type SpanRecord } from "../../model.ts";
import type {
  Facet,
  FacetWindow,
  MinuteWindow,
  ReadOptions,
  RedQuery,
  RedSeries,
  SearchAnswer,
  ServiceEdge,
  ServiceMetrics,
  ServiceMetricsQuery,
  SpanQuery,
  SpanReader,
  TraceText,
} from "../../query/reader.ts";
import { summaryKeys } from "../../analyse/summary.ts";
import { type OrderedTrace, orderTrace } from "../../trace-columns/order.ts";
import { TraceTable } from "../../trace-columns/table.ts";
import { writeColumns } from "../../trace-columns/write.ts";
import { BlockFailure } from "../block/block.ts";
import { attributeKeys, attributeValues } from "./facets.ts";
import { Pace } from "./pace.ts";
import { redSeries, serviceEdges } from "./red.ts";
import { searchTraces } from "./search.ts";
import { type Segment, traceKey, type TraceRows } from "./segment.ts";
import { serviceMetrics } from "./service-metrics.ts";
import { completeSlow } from "./slow-trace.ts";
import { TenantSegment } from "./tenant-segment.ts";
import { TraceTenants } from "./trace-tenants.ts";

/** What is stored at one moment. */
export interface SegmentSource {
  /** Blocks and heads, the oldest first: of copies of a span the last one counts. Throws BlockFailure. */
  segments(): Segment[];
  /** A block could not be read. Resolves when `segments` can do without it: it was replaced meanwhile, or is left out from then on. */
  failed(failure: BlockFailure): Promise<void>;
}

const defaultLimitMs = 30_000;
/** A block may be deleted while a query runs; with more than so many of them something else is wrong. */
const retriesAtMost = 10;

/** Answers queries over segments, wherever they come from. */
export class StoreReader implements SpanReader {
  private readonly source: SegmentSource;
  private readonly limitMs: number;
  private readonly traceTenants: TraceTenants;
  private readonly tenant: string | undefined;

  /** `tenant`: what only it may see; undefined: everything. */
  constructor(
    source: SegmentSource,
    limitMs = defaultLimitMs,
    tenant?: string,
    traceTenants = new TraceTenants(),
  ) {
    this.source = source;
    this.limitMs = limitMs;
    this.tenant = tenant;
    this.traceTenants = traceTenants;
  }

  /** The same for one tenant. */
  of(tenant: string | undefined): StoreReader {
    return new StoreReader(this.source, this.limitMs, tenant, this.traceTenants);
  }

  traces(traceIds: readonly string[], options?: ReadOptions): Promise<SpanRecord[][]> {
    return this.run(options, (segments, pace) => readTraces(segments, new Set(traceIds), pace));
  }

  columns(traceId: string, part: TracePart, options?: ReadOptions): Promise<TraceText | undefined> {
    return this.run(options, async (segments, pace) => {
      // What is drawn needs no more of the attributes than its summary.
      const keys = part === "structure" ? summaryKeys : undefined;
      const trace = await gatherTrace(segments, traceId, keys, pace);
      return trace && { traceId, spans: trace.rows.length, chunks: writeColumns(trace, part) };
    });
  }

  search(query: SpanQuery, options?: ReadOptions): Promise<SearchAnswer> {
    return this.run(options, async (segments, pace) => {
      const found = await searchTraces(segments, query, pace);
      const traces = await readTraces(
        segments,
        found.map(({ traceId }) => traceId),
        pace,
      );
      return { traces, next: found.length < query.limit ? undefined : found.at(-1) };
    });
  }

  services(options?: ReadOptions): Promise<string[]> {
    return this.run(options, async (segments, pace) => {
      const names = new Set<string>();
      for (const segment of segments) {
        for (const { service } of segment.operations()) names.add(service);
        await pace.step();
      }
      return [...names].sort();
    });
  }

  operations(service: string, options?: ReadOptions): Promise<{ name: string; kind: SpanKind }[]> {
    return this.run(options, async (segments, pace) => {
      const found = new Map<string, { name: string; kind: SpanKind }>();
      for (const segment of segments) {
        for (const one of segment.operations()) {
          if (one.service !== service) continue;
          found.set(`${one.kind}${one.operation}`, { name: one.operation, kind: one.kind as SpanKind });
        }
        await pace.step();
      }
      return [...found.values()].sort((a, b) =>
        a.name === b.name ? a.kind - b.kind : a.name < b.name ? -1 : 1,
      );
    });
  }

  attributeKeys(window: FacetWindow, options?: ReadOptions): Promise<Facet[]> {
    return this.run(options, (segments, pace) => attributeKeys(segments, window, pace));
  }

  attributeValues(key: string, window: FacetWindow, options?: ReadOptions): Promise<Facet[]> {
    return this.run(options, (segments, pace) => attributeValues(segments, key, window, pace));
  }

  red(query: RedQuery, options?: ReadOptions): Promise<RedSeries[]> {
    return this.run(options, (segments, pace) => redSeries(segments, query, pace));
  }

  metrics(query: ServiceMetricsQuery, options?: ReadOptions): Promise<ServiceMetrics[]> {
    return this.run(options, (segments, pace) => serviceMetrics(segments, query, pace));
  }

  edges(window: MinuteWindow, options?: ReadOptions): Promise<ServiceEdge[]> {
    return this.run(options, (segments, pace) => serviceEdges(segments, window, pace));
  }

  private segments(): Segment[] {
    const { tenant, traceTenants } = this;
    const segments = this.source.segments();
    if (tenant === undefined) return segments;
    traceTenants.update(segments);
    return segments.map((segment) => new TenantSegment(segment, tenant, traceTenants));
  }

  private async run<T>(
    options: ReadOptions | undefined,
    work: (segments: Segment[], pace: Pace) => Promise<T>,
  ): Promise<T> {
    const pace = new Pace(this.limitMs, () => options?.signal?.aborted === true);
    for (let tries = 1; ; tries++) {
      try {
        return await work(this.segments(), pace);
      } catch (error) {
        if (!(error instanceof BlockFailure) || tries === retriesAtMost) throw error;
        await this.source.failed(error);
      }
    }
  }
}

/**
 * The spans of traces, by start, equal ones as they came; of copies of a span the one received last. Different spans may share an id,
 * as Jaeger's storages allow it: copies also have the same kind, start and tenant of their sender.
 */
async function readTraces(
  segments: readonly Segment[],
  traceIds: Iterable<string>,
  pace: Pace,
): Promise<SpanRecord[][]> {
  const traces: SpanRecord[][] = [];
  for (const traceId of traceIds) {
    await pace.step();
    const key = traceKey(traceId);
    const parts: SpanRecord[][] = [];
    for (const segment of segments) {
      const rows = segment.trace(key);
      if (rows !== undefined) parts.push(segment.spans(rows));
    }
    // No segment answers with two copies of a span.
    const [only = [], ...more] = parts;
    const spans = more.length === 0 ? only : latestOf(parts);
    if (spans.length > 0) traces.push(completeSlow(inOrder(spans)));
  }
  return traces;
}

/** The same trace that `readTraces` reads, as columns. */
async function gatherTrace(
  segments: readonly Segment[],
  traceId: string,
  keys: ReadonlySet<string> | undefined,
  pace: Pace,
): Promise<OrderedTrace | undefined> {
  await pace.step();
  const key = traceKey(traceId);
  const parts = segments
    .map((segment) => ({ segment, rows: segment.trace(key) }))
    .filter((part): part is { segment: Segment; rows: TraceRows } => part.rows !== undefined);
  const pages = parts.flatMap(({ rows }) => rows.pages);
  if (pages.length === 0) return undefined;
  const table = new TraceTable(
    traceId,
    pages.reduce((sum, { rows }) => sum + rows.length, 0),
    keys,
  );
  for (const { segment, rows } of parts) {
    segment.gather(rows, table);
    await pace.step();
  }
  return orderTrace(table, parts.length > 1);
}

function latestOf(parts: readonly (readonly SpanRecord[])[]): SpanRecord[] {
  const latest = new Map<string, SpanRecord>();
  for (const part of parts) for (const span of part) latest.set(identityOf(span), span);
  return [...latest.values()];
}

function inOrder(spans: SpanRecord[]): SpanRecord[] {
  for (let at = 1; at < spans.length; at++)
    if ((spans[at - 1] as SpanRecord).startUnixNano > (spans[at] as SpanRecord).startUnixNano)
      return spans.sort(byStart);
  return spans;
}

function identityOf({ spanId, kind, startUnixNano, resource }: SpanRecord): string {
  return `${spanId}${kind}${startUnixNano} ${ownerOf(resource) ?? ""}`;
}

function byStart(a: SpanRecord, b: SpanRecord): number {
  return a.startUnixNano === b.startUnixNano ? 0 : a.startUnixNano < b.startUnixNano ? -1 : 1;
}
