import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type TraceDifferences, traceDifferences } from "@throughline/api";
import { get } from "../api/http.ts";
import { defaultLookback, lookbacks, searchQuery, type SearchView } from "../api/parameters.ts";
import { DifferenceTable } from "../compare/difference-table.tsx";
import { Failed, Loading } from "../ui/states.tsx";
import "../trace/trace.css";
import "../compare/compare.css";

const route = getRouteApi("/differences");
const tracesLookedAt = 500;

/** What the failed or the slow of a search's traces have in common that the rest have not. */
export function DifferencesPage() {
  const { select = "error", ...view } = route.useSearch();
  const navigate = route.useNavigate();
  const found = useQuery({
    queryKey: ["differences", select, view],
    queryFn: ({ signal }) => readDifferences(view, select, signal),
  });
  return (
    <div className="page compare">
      <h1>What is different?</h1>
      <form
        key={JSON.stringify(view)}
        className="compare-form"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const text = (name: string): string | undefined => {
            const value = form.get(name);
            return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
          };
          void navigate({
            search: (old) => ({
              ...old,
              service: text("service"),
              where: text("where"),
              lookback: text("lookback"),
            }),
          });
        }}
      >
        <div className="segments" role="group" aria-label="Which traces">
          {(["error", "slow"] as const).map((kind) => (
            <button
              key={kind}
              type="button"
              aria-pressed={select === kind}
              onClick={() => void navigate({ search: (old) => ({ ...old, select: kind }) })}
            >
              {kind === "error" ? "The failed" : "The slowest tenth"}
            </button>
          ))}
        </div>
        <label>
          Service
          <input name="service" defaultValue={view.service} placeholder="any" spellCheck={false} />
        </label>
        <label>
          Condition
          <input name="where" defaultValue={view.where} placeholder="tenant.id = acme" spellCheck={false} />
        </label>
        <label>
          Last
          <select name="lookback" defaultValue={view.lookback ?? defaultLookback}>
            {lookbacks.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" className="button">
          Look
        </button>
      </form>
      {found.data === undefined ? (
        found.isError ? (
          <Failed error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <Loading what="the differences" rows={10} />
        )
      ) : (
        <DifferenceTable found={found.data} select={select} />
      )}
    </div>
  );
}

function readDifferences(
  view: SearchView,
  select: "error" | "slow",
  signal: AbortSignal,
): Promise<TraceDifferences> {
  const query = searchQuery(view, Date.now());
  query.delete("q");
  query.set("select", select);
  query.set("limit", String(view.limit ?? tracesLookedAt));
  return get(traceDifferences, `/api/throughline/differences?${query.toString()}`, signal);
}
