import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ServicesView } from "../api/parameters.ts";
import { type Exemplar, readExemplars, readRed, type RedSeries } from "../api/statistics.ts";
import { ExemplarList } from "../services/exemplar-list.tsx";
import { ServiceCharts } from "../services/service-charts.tsx";
import { ServiceList } from "../services/service-list.tsx";
import { type SpanWindow, spanWindow, windowQuery } from "../services/span-window.ts";
import { WindowPicker } from "../services/window-picker.tsx";
import { Icon } from "../ui/icons.tsx";
import { Command, Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import "../services/services.css";

const route = getRouteApi("/services");
const refreshMs = 10_000;
const exemplarsOfEach = 15;

const spanChoices = [
  { spans: undefined, name: "Requests", kinds: ["server", "consumer"] },
  { spans: "calls", name: "Calls made", kinds: ["client", "producer"] },
  { spans: "all", name: "All spans", kinds: [] },
] as const;

/** Rate, errors and durations: of every service, of one, or of one of its operations. */
export function ServicesPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: ServicesView) => void navigate({ search: { ...view, ...next } });
  return (
    <section className="page">
      <div className="heading">
        <Crumbs view={view} />
        <span className="grow" />
        <div className="filters" role="group" aria-label="Spans">
          {spanChoices.map(({ spans, name }) => (
            <button
              key={name}
              type="button"
              className="filter"
              aria-pressed={view.spans === spans}
              onClick={() => change({ spans })}
            >
              {name}
            </button>
          ))}
        </div>
        <WindowPicker view={view} onView={change} />
      </div>
      {view.service === undefined ? (
        <AllServices view={view} onView={change} />
      ) : (
        <OneService
          key={`${view.service}\n${view.operation ?? ""}`}
          service={view.service}
          view={view}
          onView={change}
        />
      )}
    </section>
  );
}

function Crumbs({ view: { service, operation, ...rest } }: { view: ServicesView }) {
  if (service === undefined) return <h1>Services</h1>;
  return (
    <div className="crumbs">
      <Link to="/services" search={rest}>
        Services
      </Link>
      <span className="muted">/</span>
      {operation === undefined ? (
        <h1>
          <bdi>{service}</bdi>
        </h1>
      ) : (
        <>
          <Link to="/services" search={{ ...rest, service }}>
            <bdi>{service}</bdi>
          </Link>
          <span className="muted">/</span>
          <h1>
            <bdi>{operation}</bdi>
          </h1>
        </>
      )}
    </div>
  );
}

interface Answer {
  series: RedSeries[];
  window: SpanWindow;
}

/** What was counted, asked for anew while the page is open; the window moves on with each question. */
function useRed(view: ServicesView, by: "service" | "operation") {
  const { service, operation } = view;
  return useQuery({
    queryKey: ["red", by, view],
    queryFn: async ({ signal }): Promise<Answer> => {
      const window = spanWindow(view, Date.now());
      const query = windowQuery(window);
      query.set("step", String(window.stepMinutes));
      query.set("by", by);
      for (const kind of kindsOf(view)) query.append("kind", kind);
      if (service !== undefined) query.set("service", service);
      if (operation !== undefined) query.set("operation", operation);
      return { series: await readRed(query, signal), window };
    },
    placeholderData: keepPreviousData,
    refetchInterval: view.end === undefined && refreshMs,
  });
}

function kindsOf({ spans }: ServicesView): readonly string[] {
  return spanChoices.find((choice) => choice.spans === spans)?.kinds ?? [];
}

function AllServices({ view, onView }: { view: ServicesView; onView: (next: ServicesView) => void }) {
  const red = useRed({ ...view, operation: undefined, sort: undefined }, "service");
  if (red.data === undefined) {
    if (red.isPending) return <Loading what="services" rows={8} />;
    return <Failed error={red.error} onRetry={() => void red.refetch()} />;
  }
  const { series, window } = red.data;
  if (series.length === 0) return <Nothing view={view} onView={onView} />;
  return (
    <>
      {red.isRefetchError && <Stale error={red.error} sinceMs={red.dataUpdatedAt} />}
      <ServiceList
        of="Service"
        series={series}
        window={window}
        sort={view.sort}
        onSort={(sort) => onView({ sort })}
        linkOf={({ service }) => ({ ...view, service })}
      />
    </>
  );
}

function OneService({
  service,
  view,
  onView,
}: {
  service: string;
  view: ServicesView;
  onView: (next: ServicesView) => void;
}) {
  const navigate = route.useNavigate();
  const { operation } = view;
  const whole = useRed({ ...view, sort: undefined }, "service");
  const operations = useRed({ ...view, operation: undefined, sort: undefined }, "operation");
  const total = whole.data?.series[0]?.total;
  const exemplars = useExemplars(view, whole.data?.window, total?.p95Ns);
  if (whole.data === undefined) {
    if (whole.isPending) return <Loading what="the service" rows={8} />;
    return <Failed error={whole.error} onRetry={() => void whole.refetch()} />;
  }
  const [of] = whole.data.series;
  if (of === undefined) return <Nothing view={view} onView={onView} />;
  const open = ({ traceId, spanId }: Exemplar) =>
    void navigate({ to: "/trace/$traceId", params: { traceId }, search: { span: spanId } });
  const listed = operations.data?.series ?? [];
  return (
    <>
      {whole.isRefetchError && <Stale error={whole.error} sinceMs={whole.dataUpdatedAt} />}
      <ServiceCharts
        name={operation ?? service}
        minutes={of.minutes}
        total={of.total}
        window={whole.data.window}
        exemplars={exemplars}
        onZoom={onView}
        onSearch={(what) => void navigate({ to: "/search", search: { service, operation, ...what } })}
        onOpen={open}
      />
      <div className="service-parts">
        <section aria-label="Operations">
          {operations.data === undefined ? (
            <Loading what="operations" />
          ) : (
            <ServiceList
              title="Operations"
              of="Operation"
              series={listed}
              window={operations.data.window}
              sort={view.sort}
              onSort={(sort) => onView({ sort })}
              linkOf={(one) => ({ ...view, operation: one.operation })}
            />
          )}
        </section>
        <section aria-label="Exemplars">
          <div className="heading heading-list">
            <h2>Slow and failed traces</h2>
          </div>
          {exemplars.length === 0 ? (
            <p className="muted">None in this window.</p>
          ) : (
            <ExemplarList exemplars={exemplars} nowMs={whole.dataUpdatedAt} />
          )}
        </section>
      </div>
    </>
  );
}

const noExemplars: Exemplar[] = [];

/** Slow ones and failed ones; the slowest first. */
function useExemplars(
  { service = "", operation, end }: ServicesView,
  window: SpanWindow | undefined,
  p95Ns: number | undefined,
): Exemplar[] {
  const found = useQuery({
    queryKey: ["exemplars", service, operation, window?.startMs, window?.stepMinutes, end, p95Ns],
    queryFn: async ({ signal }) => {
      const ask = (more: Record<string, string>) => {
        const query = window === undefined ? new URLSearchParams() : windowQuery(window);
        query.set("service", service);
        if (operation !== undefined) query.set("operation", operation);
        query.set("limit", String(exemplarsOfEach));
        for (const [name, value] of Object.entries(more)) query.set(name, value);
        return readExemplars(query, signal);
      };
      const [failed, slow] = await Promise.all([
        ask({ status: "error" }),
        ask({ minDuration: `${Math.floor(p95Ns ?? 0)}ns` }),
      ]);
      const byTrace = new Map([...slow, ...failed].map((one) => [one.traceId, one]));
      return [...byTrace.values()].sort((a, b) => b.durationNs - a.durationNs);
    },
    enabled: window !== undefined && p95Ns !== undefined,
    placeholderData: keepPreviousData,
  });
  return found.data ?? noExemplars;
}

function Nothing({ view, onView }: { view: ServicesView; onView: (next: ServicesView) => void }) {
  return (
    <Empty title={view.service === undefined ? "No service was heard of" : `Nothing of ${view.service}`}>
      <p>
        {view.spans === undefined
          ? "In this window no request came to a service. "
          : "In this window there are no such spans. "}
        Look further back, or at other spans:
      </p>
      <p className="row">
        {view.spans !== "all" && (
          <button type="button" className="button primary" onClick={() => onView({ spans: "all" })}>
            <Icon name="eye" /> Show all spans
          </button>
        )}
        <button
          type="button"
          className="button"
          onClick={() => onView({ lookback: "7d", start: undefined, end: undefined })}
        >
          Seven days
        </button>
      </p>
      <p className="muted">Services send their spans by OTLP:</p>
      <Command>OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317</Command>
    </Empty>
  );
}
