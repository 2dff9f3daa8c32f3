import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { TraceView } from "@throughline/api";
import { useMemo, useState } from "react";
import { ApiError, readTrace } from "../api/client.ts";
import { coloursOf } from "../trace/colours.ts";
import { Minimap } from "../trace/minimap.tsx";
import { ancestorsOf, visibleRows } from "../trace/rows.ts";
import { SpanPanel } from "../trace/span-panel.tsx";
import { Timeline } from "../trace/timeline.tsx";
import { formatDuration, formatTime, nanosToMs } from "../ui/format.ts";
import { Empty, Failed, Loading } from "../ui/states.tsx";
import { StatusChip, statusOf } from "../ui/status-chip.tsx";

const route = getRouteApi("/trace/$traceId");
const refreshMs = 2_000;

export function TracePage() {
  const { traceId } = route.useParams();
  const trace = useQuery({
    queryKey: ["trace", traceId],
    queryFn: ({ signal }) => readTrace(traceId, signal),
    refetchInterval: ({ state }) => (isOpen(state.data, state.error) ? refreshMs : false),
  });
  if (trace.isPending) return <Loading what="the trace" />;
  if (trace.isError && trace.error instanceof ApiError && trace.error.status === 404) {
    return (
      <Empty title="No such trace is stored">
        <p>
          Nothing is stored for <span className="mono">{traceId}</span>. Spans arrive a few seconds after the
          work; past the retention they are gone.
        </p>
        <p>
          This page looks again by itself. Or go to the <Link to="/">tickets</Link>.
        </p>
      </Empty>
    );
  }
  if (trace.isError) return <Failed error={trace.error} onRetry={() => void trace.refetch()} />;
  return <Trace key={traceId} trace={trace.data} />;
}

/** Spans may still come: the ticket is under way, a parent is missing, or nothing has arrived yet. */
function isOpen(trace: TraceView | undefined, error: Error | null): boolean {
  if (error instanceof ApiError) return error.status === 404;
  if (trace === undefined) return false;
  return statusOf(trace.summary) === "running" || trace.spans.some((span) => span.parentMissing);
}

function Trace({ trace }: { trace: TraceView }) {
  const { span: selected } = route.useSearch();
  const navigate = route.useNavigate();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const { spans, summary } = trace;
  // The way to the selected span is never folded, however it was selected.
  const collapsed = useMemo(() => {
    const above = selected === undefined ? [] : ancestorsOf(spans, selected);
    return above.some((id) => folded.has(id)) ? folded.difference(new Set(above)) : folded;
  }, [folded, selected, spans]);
  const rows = useMemo(() => visibleRows(spans, collapsed), [spans, collapsed]);
  const colours = useMemo(() => coloursOf(spans.map(({ service }) => service)), [spans]);
  const shown = spans.find(({ spanId }) => spanId === selected);

  const select = (spanId: string | undefined) =>
    void navigate({ search: spanId === undefined ? {} : { span: spanId }, replace: true });
  const toggle = (spanId: string) => {
    // Folding over the selected span selects what is left of it.
    if (selected !== undefined && !collapsed.has(spanId) && ancestorsOf(spans, selected).includes(spanId))
      select(spanId);
    setFolded(
      collapsed.has(spanId) ? collapsed.difference(new Set([spanId])) : collapsed.union(new Set([spanId])),
    );
  };

  return (
    <section className="trace">
      <TraceHead trace={trace} onSelect={select} />
      <Minimap spans={spans} totalNs={summary.durationNs} colours={colours} />
      <div className={shown === undefined ? "trace-body" : "trace-body with-panel"}>
        <Timeline
          trace={trace}
          rows={rows}
          collapsed={collapsed}
          selected={selected}
          colours={colours}
          onSelect={select}
          onToggle={toggle}
        />
        {shown !== undefined && (
          <SpanPanel key={shown.spanId} span={shown} onClose={() => select(undefined)} />
        )}
      </div>
    </section>
  );
}

function TraceHead({ trace, onSelect }: { trace: TraceView; onSelect: (spanId: string) => void }) {
  const { summary, bottleneck } = trace;
  const failed = trace.spans.find(
    (span) => span.status === "error" && span.name === summary.firstError?.spanName,
  );
  const facts: [string, string][] = [
    ["Total", formatDuration(summary.durationNs)],
    ["Spans", String(summary.spanCount)],
    ["Errors", String(summary.errorCount)],
    ["Services", summary.services.map(({ name }) => name).join(", ")],
    ...(summary.tenantId === null ? [] : ([["Tenant", summary.tenantId]] satisfies [string, string][])),
    ...(summary.priority === null ? [] : ([["Priority", summary.priority]] satisfies [string, string][])),
    ["Started", formatTime(nanosToMs(summary.startUnixNano))],
  ];
  return (
    <header className="trace-head">
      <div className="heading">
        <h1>{summary.ticketId ?? summary.rootOperation}</h1>
        <StatusChip summary={summary} />
        <span className="muted mono small">{summary.traceId}</span>
        <span className="grow" />
        <a className="button quiet" href={`/api/traces/${summary.traceId}?prettyPrint=true`}>
          JSON
        </a>
      </div>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {summary.firstError !== null && (
        <p className="error-line">
          <button type="button" className="link" onClick={() => failed && onSelect(failed.spanId)}>
            {summary.firstError.spanName}
          </button>
          : {summary.firstError.message}
        </p>
      )}
      {bottleneck !== null && (
        <p className="bottleneck-line">
          Bottleneck:{" "}
          <button type="button" className="link" onClick={() => onSelect(bottleneck.spanId)}>
            {bottleneck.name}
          </button>
          , {formatDuration(bottleneck.selfNs)} = {Math.round(bottleneck.percent)} % of the trace
          <span className="muted mono small hint">
            npx throughline trace {summary.ticketId ?? summary.traceId}
          </span>
        </p>
      )}
    </header>
  );
}
