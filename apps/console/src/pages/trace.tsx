import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ApiError } from "../api/http.ts";
import type { TraceViewSearch } from "../api/parameters.ts";
import { TraceClient } from "../trace/trace-client.ts";
import { TraceData } from "../trace/trace-data.ts";
import { TraceScreen } from "../trace/trace-screen.tsx";
import { shiftsOf } from "../trace/worker/clock-skew.ts";
import type { OpenedTrace } from "../trace/worker/messages.ts";
import { Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import { isQuiet, statusOf } from "../ui/status.ts";

const route = getRouteApi("/trace/$traceId");
/** Spans of a batch come within seconds of their end; so long a missing trace is looked for again. */
const lookAgain = { everyMs: 2_000, times: 60 };

export function TracePage() {
  const { traceId } = route.useParams();
  return <ReadTrace key={traceId} traceId={traceId} />;
}

function ReadTrace({ traceId }: { traceId: string }) {
  const [client] = useState(() => new TraceClient());
  useEffect(() => () => client.end(), [client]);
  return <OneTrace traceId={traceId} client={client} />;
}

function OneTrace({ traceId, client }: { traceId: string; client: TraceClient }) {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const read = useQuery({
    queryKey: ["trace", traceId, client.number],
    queryFn: ({ signal }) => client.ask("open", { traceId }, signal),
    refetchInterval: ({ state }) =>
      isMissing(state.error)
        ? state.errorUpdateCount < lookAgain.times && lookAgain.everyMs
        : state.data !== undefined && isOpen(state.data, Date.now()) && refreshMs(state.data),
    // Another look at a large trace is one more second of work.
    refetchOnWindowFocus: false,
    structuralSharing: false,
    gcTime: 0,
  });
  const { trace, shifts, setShift } = useClocks(read.data, client, view.clocks === "adjusted");
  const onView = useCallback(
    (next: Partial<TraceViewSearch>) =>
      void navigate({ search: (old) => ({ ...old, ...next }), replace: true }),
    [navigate],
  );

  if (trace === undefined || read.data === undefined) {
    if (read.isPending) return <Waiting />;
    if (isMissing(read.error))
      return <Missing traceId={traceId} isLookedFor={read.errorUpdateCount < lookAgain.times} />;
    return (
      <Failed
        isPage
        error={read.error ?? new Error("The trace was not read.")}
        onRetry={() => void read.refetch()}
      />
    );
  }
  return (
    <>
      {read.isRefetchError && <Stale error={read.error} sinceMs={read.dataUpdatedAt} />}
      <TraceScreen
        trace={trace}
        client={client}
        nowMs={read.dataUpdatedAt}
        isOpen={isOpen(read.data, read.dataUpdatedAt)}
        view={view}
        onView={onView}
        shifts={shifts}
        onShift={setShift}
      />
    </>
  );
}

/** So long nobody wonders. */
const patienceMs = 3_000;

/** A slow backend is not passed off as a quick one. */
function Waiting() {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), patienceMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      {isLong && (
        <p className="stale" role="status">
          The backend takes its time: it was asked for the trace and has not answered yet.
        </p>
      )}
      <Loading what="the trace" rows={12} />
    </>
  );
}

/** The trace as recorded, or with its clocks set right, by what was found out of them and by hand. */
function useClocks(opened: OpenedTrace | undefined, client: TraceClient, isAdjusted: boolean) {
  const [byHand, setByHand] = useState<ReadonlyMap<number, number>>(new Map());
  const shifts = useMemo(() => {
    if (opened === undefined || (!isAdjusted && byHand.size === 0)) return [];
    const all = shiftsOf(isAdjusted ? opened.skews : [], opened.head.clocks.length);
    for (const [clock, ns] of byHand) all[clock] = ns;
    return all.some((ns) => ns !== 0) ? [...all] : [];
  }, [opened, isAdjusted, byHand]);
  const reading = opened?.reading ?? 0;
  const shifted = useQuery({
    queryKey: ["analysis", client.number, reading, shifts.join()],
    queryFn: ({ signal }) => client.ask("analysis", { reading, shifts }, signal),
    enabled: shifts.length > 0,
    structuralSharing: false,
    gcTime: 0,
  });
  const trace = useMemo(() => {
    if (opened === undefined) return undefined;
    return shifts.length === 0 || shifted.data === undefined
      ? new TraceData(opened)
      : new TraceData(opened, shifts, shifted.data);
  }, [opened, shifts, shifted.data]);
  const setShift = (clock: number, ns: number | undefined) =>
    setByHand((old) => {
      const next = new Map(old);
      if (ns === undefined) next.delete(clock);
      else next.set(clock, ns);
      return next;
    });
  return { trace, shifts: byHand, setShift };
}

/** Spans may still come: the ticket is under way, or a parent is missing. */
function isOpen({ head: { summary }, structure }: OpenedTrace, nowMs: number): boolean {
  if (isQuiet(summary, nowMs)) return false;
  return statusOf(summary, nowMs) === "running" || structure.flags.some((flags) => (flags & 1) !== 0);
}

/** Large traces are not fetched again every moment. */
function refreshMs({ structure }: OpenedTrace): number {
  return Math.max(2_000, structure.starts.length);
}

function isMissing(error: Error | null): boolean {
  return error instanceof ApiError && error.status === 404;
}

function Missing({ traceId, isLookedFor }: { traceId: string; isLookedFor: boolean }) {
  return (
    <Empty isPage title="No such trace is stored">
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
