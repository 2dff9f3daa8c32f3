import type { Exemplar, RedMinute, RedSeries, ServiceCall } from "../api/statistics.ts";
import { callGraphOf } from "../dependencies/calls.ts";
import { DependencyGraph } from "../dependencies/graph.tsx";
import { DependencyMatrix } from "../dependencies/matrix.tsx";
import { ExemplarList } from "../services/exemplar-list.tsx";
import { ServiceCharts } from "../services/service-charts.tsx";
import { ServiceList } from "../services/service-list.tsx";
import { atMs } from "./sample-summaries.ts";
import { Group, Shown } from "./shown.tsx";
import "../dependencies/dependencies.css";
import "../services/services.css";

const startMs = atMs - 3_600_000;
const window = { startMs, endMs: atMs, stepMinutes: 1 };
const nothing = () => undefined;

/** Waves without chance: pictures of them are compared. */
function minuteOf(at: number): RedMinute {
  const spans = 60 + ((at * 37) % 40);
  const p50Ns = 20e6 + ((at * 13) % 17) * 1e6;
  return {
    minute: startMs / 60_000 + at,
    spans,
    errors: at % 11 === 0 ? 6 : 0,
    durationSumNs: spans * p50Ns,
    p50Ns,
    p75Ns: p50Ns * 1.5,
    p95Ns: p50Ns * 3,
    p99Ns: p50Ns * 5,
  };
}
// A gap: no spans came.
const minutes = Array.from({ length: 60 }, (_, at) => minuteOf(at)).filter((_, at) => at < 25 || at > 32);

function seriesOf(service: string, share: number): RedSeries {
  const total = { ...minuteOf(0), spans: 4_000 * share, errors: Math.round(40 * share * share) };
  return { service, operation: "", kind: 0, minutes, total };
}
const series = [seriesOf("web", 1), seriesOf("worker", 4), seriesOf("<b>shop</b> \u202Etxet", 0.1)];

const exemplar: Exemplar = {
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  operation: "POST /orders",
  startUnixNano: `${startMs + 600_000}000000`,
  durationNs: 150e6,
  isError: false,
};
const failed = { ...exemplar, traceId: "c".repeat(32), startUnixNano: `${startMs + 2_700_000}000000` };
const exemplars: Exemplar[] = [exemplar, { ...failed, durationNs: 90e6, isError: true }];

function call(parent: string, child: string, calls: number, failedCalls: number | null): ServiceCall {
  const isKnown = failedCalls !== null;
  return {
    parent,
    child,
    calls,
    failed: failedCalls,
    p50Ns: isKnown ? 12e6 : null,
    p95Ns: isKnown ? 80e6 : null,
  };
}
const graph = callGraphOf(
  [
    call("web", "shop", 1_200, 36),
    call("shop", "postgresql", 4_800, 0),
    call("shop", "worker", 900, 0),
    call("worker", "model", 880, 12),
    call("worker", "shop", 20, null),
  ],
  undefined,
);
const senders = new Set(["web", "shop", "worker"]);

export function ServiceParts() {
  return (
    <Group name="Services">
      <Shown name="List of services">
        <ServiceList
          series={series}
          of="Service"
          window={window}
          sort="errors"
          onSort={nothing}
          linkOf={({ service }) => ({ service })}
        />
      </Shown>
      <Shown name="Rate, errors and durations">
        <ServiceCharts
          name="web"
          minutes={minutes}
          total={minuteOf(0)}
          window={window}
          exemplars={exemplars}
          onZoom={nothing}
          onSearch={nothing}
          onOpen={nothing}
        />
      </Shown>
      <Shown name="Exemplars">
        <ExemplarList exemplars={exemplars} nowMs={atMs} />
      </Shown>
      <Shown name="Dependencies">
        <DependencyGraph graph={graph} senders={senders} focus={undefined} onFocus={nothing} />
        <DependencyMatrix graph={graph} measure="errors" />
      </Shown>
    </Group>
  );
}
