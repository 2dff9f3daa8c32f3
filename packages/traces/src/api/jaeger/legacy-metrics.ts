import type { FastifyInstance, FastifyRequest } from "fastify";
import type { SpanKind } from "../../model.ts";
import { kindNames } from "../../query/kinds.ts";
import type { ServiceMetrics, ServiceMetricsQuery, SpanReader } from "../../query/reader.ts";
import { askerOf } from "../asker.ts";
import { sendJson } from "../json-answer.ts";
import { readBoolean, readInteger } from "../parameters/go-values.ts";
import { QueryParameters, wrongParameter } from "../parameters/query.ts";

type Metric = "latencies" | "calls" | "errors";

const msOfMinute = 60_000n;
const pointsAtMost = 11_000n;
const names = { latencies: "latencies", calls: "call_rate", errors: "error_rate" } as const;
const helps = {
  latencies: (quantile: number) => `${quantile} quantile latency in milliseconds`,
  calls: () => "calls per second",
  errors: () => "share of calls that failed, 0 to 1",
} as const;

/**
 * Jaeger's service performance: GET /api/metrics/{latencies,calls,errors}, without its envelope, and /api/metrics/minstep. Spans are counted
 * by minutes: a finer `step` or `ratePer` is taken as a minute. `nowMs`: milliseconds since the epoch.
 */
export function legacyMetricsRoutes(server: FastifyInstance, reader: SpanReader, nowMs: () => number): void {
  for (const metric of ["latencies", "calls", "errors"] as const) {
    server.get(`/api/metrics/${metric}`, async (request, reply) => {
      const { query, perSeconds } = readQuery(request, metric, nowMs());
      const found = await reader.metrics(query, { signal: askerOf(request, reply) });
      return sendJson(reply, [JSON.stringify(family(metric, query, perSeconds, found))]);
    });
  }
  server.get("/api/metrics/minstep", (_request, reply) =>
    sendJson(reply, [`{"data":${msOfMinute},"total":0,"limit":0,"offset":0,"errors":null}`]),
  );
}

function readQuery(
  request: FastifyRequest,
  metric: Metric,
  nowMs: number,
): { query: ServiceMetricsQuery; perSeconds: number } {
  const parameters = QueryParameters.of(request.raw.url ?? "");
  const services = parameters.all("service").filter((service) => service !== "");
  if (services.length === 0) throw wrongParameter("service", "is required");
  const ms = (name: string, fallback: bigint): bigint => {
    const value = readInteger(name, parameters.first(name)) ?? fallback;
    if (value < 0n) throw wrongParameter(name, "must not be negative");
    return value;
  };
  const positive = (name: string, fallback: bigint): bigint => {
    const value = ms(name, fallback);
    if (value === 0n) throw wrongParameter(name, "must be more than 0");
    return value;
  };
  const minutes = (value: bigint): bigint => (value < msOfMinute ? 1n : value / msOfMinute);
  const end = ms("endTs", BigInt(Math.floor(nowMs)));
  const lookback = positive("lookback", 3_600_000n);
  const every = minutes(positive("step", 5_000n));
  const over = minutes(positive("ratePer", 600_000n));
  const last = end / msOfMinute;
  const first = last - minutes(lookback) + 1n;
  if (last > 307_445_734_561n) throw wrongParameter("endTs", "is out of range");
  if ((last - first) / every > pointsAtMost || over > pointsAtMost)
    throw wrongParameter("step", `must be so large that there are ${pointsAtMost} points at most`);
  return {
    query: {
      services,
      kinds: readKinds(parameters),
      byOperation: readBoolean("groupByOperation", parameters.first("groupByOperation")),
      fromMinute: Number(first < 0n ? 0n : first),
      toMinute: Number(last),
      everyMinutes: Number(every),
      overMinutes: Number(over),
      quantile: metric === "latencies" ? readQuantile(parameters) : 0.5,
    },
    perSeconds: Number(over) * 60,
  };
}

function readQuantile(parameters: QueryParameters): number {
  const text = parameters.first("quantile");
  if (text === undefined) throw wrongParameter("quantile", "is required");
  const quantile = Number(text);
  if (!(quantile >= 0 && quantile <= 1) || text.trim() === "")
    throw wrongParameter("quantile", "must be a number from 0 to 1");
  return quantile;
}

function readKinds(parameters: QueryParameters): SpanKind[] {
  const given = parameters.all("spanKind").filter((kind) => kind !== "");
  return (given.length === 0 ? ["server"] : given).map((text) => {
    const found = Object.entries(kindNames).find(
      ([, name]) => name === text.toLowerCase().replace(/^span_kind_/, ""),
    );
    if (found === undefined)
      throw wrongParameter("spanKind", `must be one of ${Object.values(kindNames).join(", ")}`);
    return Number(found[0]) as SpanKind;
  });
}

/** A MetricFamily in proto3's JSON. Calls are per second, latencies milliseconds, errors a share. */
function family(
  metric: Metric,
  { byOperation, quantile }: ServiceMetricsQuery,
  perSeconds: number,
  found: readonly ServiceMetrics[],
) {
  const valueOf = ({ spans, errors, quantileNs }: ServiceMetrics["points"][number]): number =>
    metric === "latencies" ? quantileNs / 1e6 : metric === "calls" ? spans / perSeconds : errors / spans;
  return {
    name: `service_${byOperation ? "operation_" : ""}${names[metric]}`,
    type: "GAUGE",
    help: helps[metric](quantile),
    metrics: found.map(({ service, operation, points }) => ({
      labels: [
        ...(byOperation ? [{ name: "operation", value: operation }] : []),
        { name: "service_name", value: service },
      ],
      metricPoints: points.map((point) => ({
        gaugeValue: { doubleValue: valueOf(point) },
        timestamp: new Date((point.minute + 1) * 60_000).toISOString().replace(".000Z", "Z"),
      })),
    })),
  };
}
