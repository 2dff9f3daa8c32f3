import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { TraceView } from "@throughline/api";
import { readTrace } from "../api/client.ts";
import { ApiError } from "../api/http.ts";
import { TraceScreen } from "../trace/trace-screen.tsx";
import { Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import { isQuiet, statusOf } from "../ui/status.ts";

const route = getRouteApi("/trace/$traceId");
/** Spans of a batch come within seconds of their end; so long a missing trace is looked for again. */
const lookAgain = { everyMs: 2_000, times: 60 };

export function TracePage() {
  const { traceId } = route.useParams();
  const { span, range } = route.useSearch();
  const navigate = route.useNavigate();
  const trace = useQuery({
    queryKey: ["trace", traceId],
    queryFn: ({ signal }) => readTrace(traceId, signal),
    refetchInterval: ({ state }) =>
      isMissing(state.error)
        ? state.errorUpdateCount < lookAgain.times && lookAgain.everyMs
        : state.data !== undefined && isOpen(state.data, Date.now()) && refreshMs(state.data),
  });

  if (trace.data === undefined) {
    if (trace.isPending) return <Loading what="the trace" rows={12} />;
    if (isMissing(trace.error))
      return <Missing traceId={traceId} isLookedFor={trace.errorUpdateCount < lookAgain.times} />;
    return <Failed error={trace.error} onRetry={() => void trace.refetch()} />;
  }
  return (
    <>
      {trace.isRefetchError && <Stale error={trace.error} sinceMs={trace.dataUpdatedAt} />}
      <TraceScreen
        key={trace.data.summary.traceId}
        trace={trace.data}
        nowMs={trace.dataUpdatedAt}
        isOpen={isOpen(trace.data, trace.dataUpdatedAt)}
        selected={span}
        range={range}
        onView={(view) => void navigate({ search: (old) => ({ ...old, ...view }), replace: true })}
      />
    </>
  );
}

/** Spans may still come: the ticket is under way, or a parent is missing. */
function isOpen({ summary, spans }: TraceView, nowMs: number): boolean {
  if (isQuiet(summary, nowMs)) return false;
  return statusOf(summary, nowMs) === "running" || spans.some(({ parentMissing }) => parentMissing);
}

/** Large traces are not fetched again every moment. */
function refreshMs({ spans }: TraceView): number {
  return Math.max(2_000, spans.length);
}

function isMissing(error: Error | null): boolean {
  return error instanceof ApiError && error.status === 404;
}

function Missing({ traceId, isLookedFor }: { traceId: string; isLookedFor: boolean }) {
  return (
    <Empty title="No such trace is stored">
      <p>
        Nothing is stored for <code className="mono">{traceId}</code>. Spans arrive a few seconds after the
        work they tell of; past the retention, or where the trace was not sampled, there are none.
      </p>
      <p>
        {isLookedFor && "This page looks again by itself. "}Meanwhile: the <Link to="/">tickets</Link>, or{" "}
        <Link to="/search">search</Link>.
      </p>
    </Empty>
  );
}
