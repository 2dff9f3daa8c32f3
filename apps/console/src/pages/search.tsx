import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { TraceSummary } from "@throughline/api";
import { searchTraces } from "../api/client.ts";
import {
  anyTime,
  defaultLimit,
  defaultLookback,
  formatUrlSearch,
  isFixedWindow,
  searchQuery,
  type SearchView,
} from "../api/parameters.ts";
import { parseTags } from "../api/tags.ts";
import { plural } from "../ui/format.ts";
import { Empty, Failed, Loading } from "../ui/states.tsx";
import { TraceTable } from "../ui/trace-table.tsx";
import { SearchForm } from "./search-form.tsx";

const route = getRouteApi("/search");

/** Conditions beside what fits them. */
export function SearchPage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const { wrong } = parseTags(view.tags ?? "");
  const results = useQuery({
    queryKey: ["search", view],
    queryFn: ({ signal }) => searchTraces(searchQuery(view, Date.now()), signal),
    placeholderData: keepPreviousData,
    enabled: wrong === undefined,
  });
  const onSearch = (next: SearchView) => {
    // The same conditions again ask for what has come since.
    if (formatUrlSearch(next) === formatUrlSearch(view)) void results.refetch();
    else void navigate({ search: next });
  };
  return (
    <div className="page split">
      <SearchForm key={formatUrlSearch(view)} view={view} isBusy={results.isFetching} onSearch={onSearch} />
      <section aria-busy={results.isFetching}>
        {wrong === undefined ? (
          <Results view={view} results={results} />
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
  );
}

function Results({ view, results }: { view: SearchView; results: UseQueryResult<TraceSummary[]> }) {
  if (results.isPending) return <Loading what="traces" />;
  if (results.isError) return <Failed error={results.error} onRetry={() => void results.refetch()} />;
  const { length } = results.data;
  if (length === 0) return <NothingFits view={view} />;
  const limit = view.limit ?? defaultLimit;
  return (
    <>
      <div className="heading">
        <h1>{plural(length, "trace")}</h1>
        <span className="muted">
          newest first{length >= limit && `; more may fit, the limit is ${limit}`}
        </span>
      </div>
      <TraceTable traces={results.data} nowMs={results.dataUpdatedAt} />
    </>
  );
}

function NothingFits({ view }: { view: SearchView }) {
  const isBounded =
    isFixedWindow(view) ||
    (view.lookback !== anyTime && !(view.q !== undefined && view.lookback === undefined));
  return (
    <Empty title="No trace fits">
      {isBounded && (
        <p>
          Looked{" "}
          {isFixedWindow(view) ? "through the link's window" : `back ${view.lookback ?? defaultLookback}`}.{" "}
          <Link to="/search" search={{ ...view, start: undefined, end: undefined, lookback: anyTime }}>
            Look through everything that is stored
          </Link>
          .
        </p>
      )}
      <p>Or leave out a condition: service, operation, tags and durations must all hold on one span.</p>
    </Empty>
  );
}
