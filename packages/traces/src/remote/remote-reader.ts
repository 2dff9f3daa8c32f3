import { status, type ServiceError } from "@grpc/grpc-js";
import type { TracePart } from "@throughline/api/trace-columns";
import { ThroughlineError } from "@throughline/api/errors";
import { kindByName } from "../decode/kind-by-name.ts";
import { serviceName, type SpanKind, type SpanRecord } from "../model.ts";
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
} from "../query/reader.ts";
import type { StoreReader } from "../store/search/store-reader.ts";
import { isAway, type RemoteClient } from "./client.ts";
import { readerOver } from "./loaded-spans.ts";
import { findRequest, isEmpty, isSaidBy, newestStart, pushes } from "./queries.ts";
import { collectTraces } from "./traces-data.ts";

const nsOfMinute = 60_000_000_000n;
/** Traces asked for in one call, and loaded for one figure. */
const depthAtMost = 1_500;
const tracesForFigures = 2_000;
const tracesOfTenant = 200;
const firstDepth = 200;
/** Steps back in time before a search is too wide. */
const roundsAtMost = 12;
const idsAtOnce = 100;
const searchesAtOnce = 4;
const notTold = { failed: null, p50Ns: null, p95Ns: null };

/**
 * Reads a storage of jaeger.storage.v2. What that protocol can say is asked of the storage; the rest - conditions, facets, rates - is
 * computed here over the traces that it answers, or refused where there are too many of them. Every answer is checked here: all conditions
 * hold on one span, whatever the storage takes for a match.
 */
export class RemoteReader implements SpanReader {
  private readonly client: RemoteClient;
  private readonly tenant: string | undefined;
  private capabilities: { withoutServiceName: boolean } | undefined;

  /** `tenant`: what only it may see; undefined: everything. */
  constructor(client: RemoteClient, tenant?: string) {
    this.client = client;
    this.tenant = tenant;
  }

  async traces(traceIds: readonly string[], options: ReadOptions = {}): Promise<SpanRecord[][]> {
    const wanted = [...new Set(traceIds)];
    const found = await this.load(wanted, options);
    return found.size === 0 ? [] : this.over(found).traces(wanted, options);
  }

  async columns(traceId: string, part: TracePart, options: ReadOptions = {}): Promise<TraceText | undefined> {
    return this.over(await this.load([traceId], options)).columns(traceId, part, options);
  }

  private async load(
    wanted: readonly string[],
    options: ReadOptions,
  ): Promise<ReadonlyMap<string, SpanRecord[]>> {
    const found = new Map<string, SpanRecord[]>();
    for (let from = 0; from < wanted.length; from += idsAtOnce) {
      const query = wanted
        .slice(from, from + idsAtOnce)
        .map((traceId) => ({ traceId: Buffer.from(traceId, "hex") }));
      const stream = this.client.stream("jaeger.storage.v2.TraceReader/GetTraces", { query }, options);
      await collectTraces(stream, found);
    }
    return found;
  }

  async search(query: SpanQuery, options: ReadOptions = {}): Promise<SearchAnswer> {
    const isSaid = isSaidBy(query);
    const found = new Map<string, SpanRecord[]>();
    const { after } = query;
    let startMax =
      after === undefined || (query.startMax !== undefined && query.startMax < after.start)
        ? query.startMax
        : after.start;
    if (
      query.limit === 0 ||
      isEmpty(query.startMin, startMax) ||
      isEmpty(query.durationMin, query.durationMax)
    )
      return { traces: [], next: undefined };
    let depth = Math.min(
      depthAtMost,
      isSaid && after === undefined ? query.limit : Math.max(firstDepth, query.limit),
    );
    for (let round = 0; round < roundsAtMost; round++) {
      const before = found.size;
      const { isWhole, oldest } = await this.find(
        { ...query, ...(startMax === undefined ? {} : { startMax }) },
        depth,
        found,
        options,
      );
      const answer = await this.over(found).search(query, options);
      if (isWhole || answer.traces.length >= query.limit) return answer;
      if (found.size > before && oldest !== undefined && oldest !== startMax) startMax = oldest;
      else if (depth < depthAtMost) depth = Math.min(depthAtMost, depth * 4);
      else break;
    }
    throw new ThroughlineError(
      "TL_QUERY_TOO_WIDE",
      `The storage at ${this.client.name} has more candidates than can be looked through: name a service, or a shorter time.`,
    );
  }

  async services(options: ReadOptions = {}): Promise<string[]> {
    if (this.tenant !== undefined)
      return [...new Set((await this.newest(options)).map(({ resource }) => serviceName(resource)))].sort();
    return this.allServices(options);
  }

  private async allServices(options: ReadOptions): Promise<string[]> {
    const { services } = await this.client.unary<{ services: string[] }>(
      "jaeger.storage.v2.TraceReader/GetServices",
      {},
      options,
    );
    return services.toSorted();
  }

  async operations(service: string, options: ReadOptions = {}): Promise<{ name: string; kind: SpanKind }[]> {
    if (this.tenant !== undefined) {
      const found = Map.groupBy(await this.newest(options), ({ traceId }) => traceId);
      return this.over(found).operations(service, options);
    }
    const { operations } = await this.client.unary<{ operations: { name: string; spanKind: string }[] }>(
      "jaeger.storage.v2.TraceReader/GetOperations",
      { service },
      options,
    );
    return operations
      .map(({ name, spanKind }) => ({ name, kind: kindByName(spanKind.toLowerCase()) }))
      .sort((a, b) => (a.name === b.name ? a.kind - b.kind : a.name < b.name ? -1 : 1));
  }

  async attributeKeys(window: FacetWindow, options: ReadOptions = {}): Promise<Facet[]> {
    return (await this.loaded(window.startMin, window.startMax, undefined, options)).attributeKeys(
      window,
      options,
    );
  }

  async attributeValues(key: string, window: FacetWindow, options: ReadOptions = {}): Promise<Facet[]> {
    const loaded = await this.loaded(window.startMin, window.startMax, undefined, options);
    return loaded.attributeValues(key, window, options);
  }

  async red(query: RedQuery, options: ReadOptions = {}): Promise<RedSeries[]> {
    const { fromMinute, toMinute, service } = query;
    return (await this.loadedMinutes(fromMinute, toMinute, service, options)).red(query, options);
  }

  async metrics(query: ServiceMetricsQuery, options: ReadOptions = {}): Promise<ServiceMetrics[]> {
    const from = query.fromMinute - query.overMinutes + 1;
    const [service, ...others] = query.services;
    const only = others.length === 0 ? service : undefined;
    return (await this.loadedMinutes(from, query.toMinute, only, options)).metrics(query, options);
  }

  /** As the storage counted them; where it has none, those of the traces it has. */
  async edges(window: MinuteWindow, options: ReadOptions = {}): Promise<ServiceEdge[]> {
    const { fromMinute, toMinute } = window;
    const counted = async (): Promise<ServiceEdge[]> =>
      (await this.loadedMinutes(fromMinute, toMinute, undefined, options)).edges(window, options);
    if (this.tenant !== undefined) return counted();
    const time = (minute: number) => ({ seconds: String(minute * 60), nanos: 0 });
    const { dependencies } = await this.client.unary<{
      dependencies: { parent: string; child: string; callCount: string }[];
    }>(
      "jaeger.storage.v2.DependencyReader/GetDependencies",
      { startTime: time(fromMinute), endTime: time(toMinute + 1) },
      options,
    );
    if (dependencies.length === 0) return counted();
    const sums = new Map<string, ServiceEdge>();
    for (const { parent, child, callCount } of dependencies) {
      const name = `${parent.length} ${parent}${child}`;
      const edge = sums.get(name) ?? { parent, child, calls: 0, ...notTold };
      edge.calls += Number(callCount);
      sums.set(name, edge);
    }
    return [...sums.values()];
  }

  private loadedMinutes(
    fromMinute: number,
    toMinute: number,
    service: string | undefined,
    options: ReadOptions,
  ): Promise<StoreReader> {
    const start = BigInt(Math.max(0, fromMinute)) * nsOfMinute;
    return this.loaded(start, (BigInt(toMinute) + 1n) * nsOfMinute - 1n, service, options);
  }

  /** Everything of a time, so that figures are exact. Throws TL_QUERY_TOO_WIDE where that is too much. */
  private async loaded(
    startMin: bigint,
    startMax: bigint,
    service: string | undefined,
    options: ReadOptions,
  ): Promise<StoreReader> {
    const found = new Map<string, SpanRecord[]>();
    const query = { tags: [], startMin, startMax, ...(service === undefined ? {} : { service }), limit: 0 };
    const { isWhole } = await this.find(query, tracesForFigures, found, options);
    if (!isWhole)
      throw new ThroughlineError(
        "TL_QUERY_TOO_WIDE",
        `The storage at ${this.client.name} has no figures of its own, and more than ${tracesForFigures} traces in this time: ask for a shorter one.`,
      );
    return this.over(found);
  }

  private over(found: ReadonlyMap<string, SpanRecord[]>): StoreReader {
    return readerOver([...found.values()].flat()).of(this.tenant);
  }

  /** Which services a tenant has no storage says: those of its newest traces. */
  private async newest(options: ReadOptions): Promise<SpanRecord[]> {
    const { traces } = await this.search({ tags: [], limit: tracesOfTenant }, options);
    return traces.flat();
  }

  /**
   * Loads the newest `depth` traces that may match. `isWhole`: there are no others; `oldest`: no trace that is missing has a newer match.
   */
  private async find(
    query: SpanQuery,
    depth: number,
    into: Map<string, SpanRecord[]>,
    options: ReadOptions,
  ): Promise<{ isWhole: boolean; oldest: bigint | undefined }> {
    const services =
      query.service !== undefined || (await this.findsWithoutService())
        ? [query.service]
        : await this.allServices(options);
    let isWhole = true;
    let oldest: bigint | undefined;
    const searchOne = async (service: string | undefined): Promise<void> => {
      const own = new Map<string, SpanRecord[]>();
      await this.findPushed(query, service, depth, own, options);
      let ownOldest: bigint | undefined;
      for (const [traceId, spans] of own) {
        into.set(traceId, spans);
        const newest = newestStart(spans, query.startMax);
        if (ownOldest === undefined || newest < ownOldest) ownOldest = newest;
      }
      if (own.size < depth) return;
      isWhole = false;
      // Of several services the one that was cut first says how far back everything is known.
      if (oldest === undefined || (ownOldest !== undefined && ownOldest > oldest)) oldest = ownOldest;
    };
    for (let from = 0; from < services.length; from += searchesAtOnce)
      await Promise.all(services.slice(from, from + searchesAtOnce).map(searchOne));
    return { isWhole, oldest };
  }

  /** Some storages take not all conditions together: then fewer of them are asked for, and the others are looked at here. */
  private async findPushed(
    query: SpanQuery,
    service: string | undefined,
    depth: number,
    into: Map<string, SpanRecord[]>,
    options: ReadOptions,
  ): Promise<void> {
    let refusal: unknown;
    for (const pushed of pushes) {
      const request = findRequest(query, service, depth, pushed);
      if (request === undefined) continue;
      // What was found nowhere under the names of fields may be found without them.
      if (refusal === undefined && pushed !== "all" && pushed !== "plain tags") continue;
      try {
        const stream = this.client.stream(
          "jaeger.storage.v2.TraceReader/FindTraces",
          { query: request },
          options,
        );
        await collectTraces(stream, into);
        refusal = undefined;
        if (into.size > 0) return;
      } catch (error) {
        if (!(error instanceof ThroughlineError) || isAway(error)) throw error;
        refusal = error;
        into.clear();
      }
    }
    if (refusal === undefined) return;
    throw refusal;
  }

  private async findsWithoutService(): Promise<boolean> {
    this.capabilities ??= await this.client
      .unary<{ search: { withoutServiceName: boolean } | null }>(
        "jaeger.storage.v2.Capabilities/GetCapabilities",
        {},
        {},
        ({ code }) => code === status.UNIMPLEMENTED,
      )
      .then(
        ({ search }) => ({ withoutServiceName: search?.withoutServiceName === true }),
        (error: ServiceError | ThroughlineError) => {
          if (error instanceof ThroughlineError) throw error;
          return { withoutServiceName: false };
        },
      );
    return this.capabilities.withoutServiceName;
  }
}
