import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { TraceSummary } from "@throughline/api";
import { useMemo, useState } from "react";
import { searchPage } from "../api/client.ts";
import { formatUrlSearch, searchQuery, type SearchView } from "../api/parameters.ts";
import { parseTags } from "../api/tags.ts";
import { isCondition } from "../search/completion.ts";
import { ConditionBox } from "../search/condition-box.tsx";
import { Facets } from "../search/facets.tsx";
import { NothingFits } from "../search/nothing-fits.tsx";
import { type Region, Scatter } from "../search/scatter.tsx";
import { sorts, sortTraces } from "../search/sort.ts";
import { SearchToolbar } from "../search/toolbar.tsx";
import { plural } from "../ui/format.ts";
import { useShortcuts } from "../ui/shortcuts.tsx";
import { toList } from "../ui/table-keys.ts";
import { Empty, Failed, Loading, Stale } from "../ui/states.tsx";
import { TraceTable } from "../ui/trace-table.tsx";
import { SearchForm } from "./search-form.tsx";
import "../search/search.css";

const route = getRouteApi("/search");
const tailMs = 2_000;
/** Of pages that are asked for later. */
const tracesOfPage = 1_000;

/** Conditions beside what fits them. */
export function SearchPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const { wrong } = parseTags(view.tags ?? "");
  const isLive = view.live !== undefined;
  const [nowMs, setNowMs] = useState(() => Date.now());
  const query = searchQuery(view, nowMs);
  const results = useInfiniteQuery({
    queryKey: ["search", { ...view, sort: undefined }],
    queryFn: async ({ signal, pageParam }) => {
      // The window moves on with each question, and holds still for what is older.
      const now = pageParam?.nowMs ?? Date.now();
      const asked = searchQuery(view, now);
      if (pageParam === null) setNowMs(now);
      else {
        asked.set("cursor", pageParam.cursor);
        asked.set("limit", String(tracesOfPage));
      }
      return { ...(await searchPage(asked, signal)), nowMs: now };
    },
    initialPageParam: null as { cursor: string; nowMs: number } | null,
    // What comes in live is the newest.
    getNextPageParam: ({ next, nowMs: asOfMs }) =>
      next === null || isLive ? undefined : { cursor: next, nowMs: asOfMs },
    placeholderData: keepPreviousData,
    enabled: wrong === undefined,
    refetchInterval: isLive && tailMs,
  });
  const search = (next: SearchView) => {
    // The same conditions again ask for what has come since.
    if (formatUrlSearch(next) === formatUrlSearch(view)) void results.refetch();
    else void navigate({ search: next });
  };
  const write = (text: string) =>
    search({
      ...view,
      ...(isCondition(text) ? { where: text, q: undefined } : { q: text || undefined, where: undefined }),
    });
  const add = (condition: string) =>
    search({
      ...view,
      q: undefined,
      where: view.where === undefined ? condition : `${grouped(view.where)} and ${condition}`,
    });
  const toggleLive = () => void navigate({ search: { ...view, live: isLive ? undefined : 1 } });
  useShortcuts("Search", [{ keys: "l", does: "Live tail on or off", run: toggleLive }, toList]);
  const window = windowOf(query);
  return (
    <div className="page search-page">
      <h1 className="unseen">Search</h1>
      <ConditionBox
        key={view.where ?? view.q ?? ""}
        text={view.where ?? view.q ?? ""}
        window={window}
        isBusy={results.isFetching && !isLive}
        onSearch={write}
      />
      <div className="split">
        <aside>
          <SearchForm key={formatUrlSearch(view)} view={view} isBusy={results.isFetching} onSearch={search} />
          <Facets window={window} onAdd={add} />
        </aside>
        <section aria-busy={results.isFetching} aria-label="Results">
          {wrong === undefined ? (
            <Results
              view={view}
              query={query}
              results={results}
              isLive={isLive}
              onLive={toggleLive}
              onView={(next) => void navigate({ search: { ...view, ...next } })}
            />
          ) : (
            <Empty title={`“${wrong}” is no tag`}>
              <p>
                Tags are written <code>key=value</code>, with blanks between them; a value with blanks goes in
                quotes: <code>error.message="403 Forbidden"</code>.
              </p>
            </Empty>
          )}
        </section>
      </div>
    </div>
  );
}

type Found = ReturnType<typeof useInfiniteQuery<Awaited<ReturnType<typeof searchPage>>>>;

function Results({
  view,
  query,
  results,
  isLive,
  onLive,
  onView,
}: {
  view: SearchView;
  query: URLSearchParams;
  results: Found;
  isLive: boolean;
  onLive: () => void;
  onView: (next: Partial<SearchView>) => void;
}) {
  const navigate = route.useNavigate();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const compare = () => void navigate({ to: "/compare", search: compared([...selected]) });
  useShortcuts("Search", [
    { keys: "x", does: "tick the trace in the list" },
    { keys: "C", does: "compare those that are ticked", ...(selected.size > 1 ? { run: compare } : {}) },
  ]);
  const { data } = results;
  const traces = useMemo(() => withoutRepeats(data?.pages.flatMap((page) => page.traces) ?? []), [data]);
  const sorted = useMemo(() => sortTraces(traces, view.sort), [traces, view.sort]);
  if (results.data === undefined) {
    if (results.isError) return <Failed error={results.error} onRetry={() => void results.refetch()} />;
    return <Loading what="traces" />;
  }
  const { length } = traces;
  const hasMore = results.data.pages.at(-1)?.next !== null;
  const isZoomed =
    view.start !== undefined ||
    view.end !== undefined ||
    view.minTrace !== undefined ||
    view.maxTrace !== undefined;
  const zoom = ({ fromMs, toMs, minMs, maxMs }: Region) =>
    onView({
      start: Math.floor(fromMs * 1_000),
      end: Math.ceil(toMs * 1_000),
      minTrace: `${Math.floor(minMs * 1e6)}ns`,
      maxTrace: `${Math.ceil(maxMs * 1e6)}ns`,
      lookback: undefined,
    });
  return (
    <>
      {results.isRefetchError && <Stale error={results.error} sinceMs={results.dataUpdatedAt} />}
      <div className="heading">
        <h2 className="found">{plural(length, "trace")}</h2>
        <span className="muted">{hasMore && (isLive ? "the newest" : "the newest; older ones below")}</span>
        {isLive && <span className="live">live</span>}
        <span className="grow" />
        {isZoomed && (
          <button
            type="button"
            className="button small-button"
            onClick={() =>
              onView({ start: undefined, end: undefined, minTrace: undefined, maxTrace: undefined })
            }
          >
            Zoom out
          </button>
        )}
        <SearchToolbar view={view} query={query} isLive={isLive} onLive={onLive} />
      </div>
      {length === 0 ? (
        <NothingFits view={view} />
      ) : (
        <>
          <Scatter
            traces={traces}
            onOpen={(traceId) => void navigate({ to: "/trace/$traceId", params: { traceId } })}
            onZoom={zoom}
          />
          <div className="heading heading-second">
            <label className="sort">
              <span className="unseen">Order</span>
              <select
                value={view.sort ?? ""}
                onChange={({ currentTarget: { value } }) =>
                  onView({ sort: sorts.find(({ sort }) => sort === value)?.sort })
                }
              >
                {sorts.map(({ sort, name }) => (
                  <option key={name} value={sort ?? ""}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <span className="grow" />
            <Link
              to="/differences"
              search={{ ...view, status: undefined, sort: undefined, live: undefined, limit: undefined }}
              className="button small-button"
            >
              What is different about the failed?
            </Link>
            {selected.size > 0 && (
              <>
                <span className="muted">{plural(selected.size, "trace")} selected</span>
                {selected.size > 1 && (
                  <Link
                    to="/compare"
                    search={compared([...selected])}
                    className="button primary small-button"
                  >
                    Compare
                  </Link>
                )}
                <button type="button" className="button small-button" onClick={() => setSelected(new Set())}>
                  Select none
                </button>
              </>
            )}
          </div>
          <TraceTable
            traces={sorted}
            nowMs={results.dataUpdatedAt}
            selected={selected}
            onSelect={setSelected}
          />
          {results.hasNextPage && (
            <p className="more">
              <button
                type="button"
                className="button"
                disabled={results.isFetchingNextPage}
                onClick={() => void results.fetchNextPage()}
              >
                {results.isFetchingNextPage ? "Loading…" : "Older traces"}
              </button>
            </p>
          )}
          {results.isFetchNextPageError && (
            <Failed error={results.error} onRetry={() => void results.fetchNextPage()} />
          )}
        </>
      )}
    </>
  );
}

/** A trace that got spans meanwhile may come with a later page too. */
function withoutRepeats(traces: readonly TraceSummary[]): TraceSummary[] {
  return [...new Map(traces.map((trace) => [trace.traceId, trace])).values()];
}

/** What facets and completion count in. */
function windowOf(query: URLSearchParams): URLSearchParams {
  const window = new URLSearchParams();
  // To the minute, so that they are not asked for anew all the time; without a start they would count one hour.
  const start = Math.floor(Date.parse(query.get("start") ?? "1970-01-01T00:00:00Z") / 60_000) * 60_000;
  window.set("start", new Date(start).toISOString());
  const end = query.get("end");
  if (end !== null) window.set("end", end);
  return window;
}

/** The first one against the others. */
function compared([first = "", ...others]: readonly string[]): { a: string; b: string } {
  return { a: first, b: others.join(",") };
}

function grouped(condition: string): string {
  return /\bor\b/i.test(condition) ? `(${condition})` : condition;
}
