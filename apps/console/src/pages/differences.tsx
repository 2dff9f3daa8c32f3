import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type TraceDifferences, traceDifferences } from "@throughline/api";
import { get } from "../api/http.ts";
import { defaultLookback, lookbacks, searchQuery, type SearchView } from "../api/parameters.ts";
import { formatTag } from "../api/tags.ts";
import { formatCount, formatDuration, formatPercent, plural } from "../ui/format.ts";
import { Empty, Failed, Loading } from "../ui/states.tsx";
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
        <Found found={found.data} select={select} />
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

function Found({ found, select }: { found: TraceDifferences; select: "error" | "slow" }) {
  const { selected, rest, attributes, slowerThanNs, isPartial } = found;
  const these = select === "error" ? "failed" : "slow";
  if (selected === 0 || rest === 0)
    return (
      <Empty title={selected === 0 ? `No trace here is ${these}` : `All traces here are ${these}`}>
        <p>
          {plural(selected + rest, "trace")} were looked at. Look further back, or with fewer conditions:
          there must be some of either kind.
        </p>
      </Empty>
    );
  return (
    <>
      <p role="status">
        {plural(selected, "trace")} {these}
        {slowerThanNs !== null && ` (${formatDuration(slowerThanNs)} or more)`} against {formatCount(rest)}{" "}
        others
        {isPartial && ", the newest of more"}.
      </p>
      {attributes.length === 0 ? (
        <Empty title="Nothing tells them apart">
          <p>No attribute has a value that is more frequent on one side.</p>
        </Empty>
      ) : (
        <table className="statistics differences">
          <thead>
            <tr>
              <th scope="col">Attribute</th>
              <th scope="col">Value</th>
              <th scope="col">Of the {these}</th>
              <th scope="col">Of the rest</th>
            </tr>
          </thead>
          <tbody>
            {attributes.map((one) => (
              <tr key={`${one.key} ${one.value}`}>
                <th scope="row">
                  <bdi>{one.key === "" ? "(no name)" : one.key.slice(0, 200)}</bdi>
                </th>
                <td>
                  <Link to="/search" search={searchFor(one.key, one.value)}>
                    <bdi>{one.value === "" ? "(empty)" : one.value}</bdi>
                  </Link>
                </td>
                <Share share={one.selectedShare} count={one.selected} tone="bad" />
                <Share share={one.restShare} count={one.rest} tone="dim" />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** Fields of a span are asked for by conditions, attributes by tags. */
function searchFor(key: string, value: string): { tags: string } | { where: string } {
  return key.startsWith(":")
    ? { where: `${key} = "${value.replace(/["\\]/g, "\\$&")}"` }
    : { tags: formatTag({ key, value }) };
}

function Share({ share, count, tone }: { share: number; count: number; tone: "bad" | "dim" }) {
  return (
    <td>
      <span className={`share-bar share-${tone}`}>
        <i style={{ width: `${share * 100}%` }} aria-hidden="true" />
        <span>
          {formatPercent(share * 100)} <span className="muted small">{formatCount(count)}</span>
        </span>
      </span>
    </td>
  );
}
