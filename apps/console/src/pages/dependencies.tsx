import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { readServices } from "../api/client.ts";
import type { DependenciesView } from "../api/parameters.ts";
import { readServiceCalls } from "../api/statistics.ts";
import { CallTable } from "../dependencies/call-table.tsx";
import { callGraphOf, measures, nodesAtMost } from "../dependencies/calls.ts";
import { DependencyGraph } from "../dependencies/graph.tsx";
import { DependencyMatrix } from "../dependencies/matrix.tsx";
import { defaultWindow, spanWindow, windowQuery } from "../services/span-window.ts";
import { WindowPicker } from "../services/window-picker.tsx";
import { plural } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { useShortcuts } from "../ui/shortcuts.tsx";
import { Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import "../services/services.css";
import "../dependencies/dependencies.css";

const route = getRouteApi("/dependencies");
const refreshMs = 30_000;
const views = [
  { view: undefined, name: "Graph", keys: "v" },
  { view: "matrix", name: "Matrix", keys: "m" },
] as const;
const noSenders: ReadonlySet<string> = new Set();

/** Who calls whom: how often, with how many errors, how long. */
export function DependenciesPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const change = (next: DependenciesView) => void navigate({ search: { ...view, ...next } });
  useShortcuts(
    "Dependencies",
    views.map(({ view: shown, name, keys }) => ({ keys, does: name, run: () => change({ view: shown }) })),
  );
  const calls = useQuery({
    queryKey: ["service-calls", view.lookback, view.start, view.end],
    queryFn: ({ signal }) => readServiceCalls(windowQuery(spanWindow(view, Date.now())), signal),
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
  });
  const services = useQuery({ queryKey: ["services"], queryFn: ({ signal }) => readServices(signal) });
  const senders = useMemo(
    () => (services.data === undefined ? noSenders : new Set(services.data)),
    [services.data],
  );
  const graph = useMemo(() => callGraphOf(calls.data ?? [], view.focus), [calls.data, view.focus]);
  const names = useMemo(
    () => [...new Set((calls.data ?? []).flatMap(({ parent, child }) => [parent, child]))].sort(),
    [calls.data],
  );
  return (
    <section className="page">
      <div className="heading">
        <h1>Dependencies</h1>
        <div className="filters" role="group" aria-label="View">
          {views.map(({ view: shown, name, keys }) => (
            <button
              key={name}
              type="button"
              className="filter"
              aria-pressed={view.view === shown}
              aria-keyshortcuts={keys}
              onClick={() => change({ view: shown })}
            >
              {name}
            </button>
          ))}
        </div>
        {view.focus !== undefined && (
          <button type="button" className="filter filter-set" onClick={() => change({ focus: undefined })}>
            <bdi>{view.focus}</bdi> <Icon name="close" size={12} />
            <span className="unseen">Show all services</span>
          </button>
        )}
        <span className="grow" />
        <WindowPicker view={view} onView={change} />
      </div>
      {calls.data === undefined ? (
        calls.isPending ? (
          <Loading what="calls" rows={8} />
        ) : (
          <Failed error={calls.error} onRetry={() => void calls.refetch()} />
        )
      ) : calls.data.length === 0 ? (
        <NoCalls />
      ) : (
        <>
          {calls.isRefetchError && <Stale error={calls.error} sinceMs={calls.dataUpdatedAt} />}
          <div className="heading heading-second">
            <label className="order">
              <span className="unseen">Service in focus</span>
              <select
                value={view.focus ?? ""}
                onChange={({ currentTarget: { value } }) => change({ focus: value || undefined })}
              >
                <option value="">All services</option>
                {names.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
            {view.view === "matrix" && (
              <div className="filters" role="group" aria-label="Cells show">
                {measures.map(({ measure, name }) => (
                  <button
                    key={measure}
                    type="button"
                    className="filter"
                    aria-pressed={(view.measure ?? "calls") === measure}
                    onClick={() => change({ measure })}
                  >
                    {name}
                  </button>
                ))}
              </div>
            )}
            <span className="grow" />
            <span className="muted">
              {plural(names.length, "service")}, {plural(calls.data.length, "connection")}
              {graph.leftOut > 0 && `; the ${nodesAtMost} busiest are shown`}
            </span>
          </div>
          {graph.calls.length === 0 ? (
            <Empty title={`Nobody calls ${view.focus ?? ""}, and it calls nobody`}>
              <p>
                <button type="button" className="button" onClick={() => change({ focus: undefined })}>
                  Show all services
                </button>
              </p>
            </Empty>
          ) : view.view === "matrix" ? (
            <DependencyMatrix graph={graph} measure={view.measure ?? "calls"} />
          ) : (
            <>
              <DependencyGraph
                graph={graph}
                senders={senders}
                focus={view.focus}
                onFocus={(focus) => change({ focus: focus === view.focus ? undefined : focus })}
              />
              <p className="graph-legend muted small">
                On a line: calls, share that failed, duration of 95 % of them. Dashed: sends no spans itself.
                A click puts a service in focus.
              </p>
            </>
          )}
          <CallTable calls={graph.calls} senders={senders} lookback={view.lookback ?? defaultWindow} />
        </>
      )}
    </section>
  );
}

function NoCalls() {
  return (
    <Empty title="No calls between services">
      <p>
        In this window no service called another. A call is seen where a span of one service is the parent of
        a span of another, or says which database, queue or address it went to.
      </p>
    </Empty>
  );
}
