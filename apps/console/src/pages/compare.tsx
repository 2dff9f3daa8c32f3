import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { callStructure } from "@throughline/api";
import { useMemo } from "react";
import { get } from "../api/http.ts";
import { searchQuery, searchView } from "../api/parameters.ts";
import { Compared } from "../compare/compared.tsx";
import { parseSide, structureQuery } from "../compare/side.ts";
import { Empty, Failed, Loading } from "../ui/states.tsx";
import "../trace/trace.css";
import "../compare/compare.css";

const route = getRouteApi("/compare");

/** Two traces or two sets of them: what is only in one, and what takes longer. */
export function ComparePage() {
  const view = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <div className="page compare">
      <h1>Compare</h1>
      <form
        key={`${view.a} ${view.b}`}
        className="compare-form"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const text = (name: string): string | undefined => {
            const value = form.get(name);
            return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
          };
          void navigate({ search: { a: text("a"), b: text("b") } });
        }}
      >
        <label>
          Before (A)
          <input
            name="a"
            defaultValue={view.a}
            placeholder="trace ids, or the address of a search"
            spellCheck={false}
          />
        </label>
        <label>
          After (B)
          <input
            name="b"
            defaultValue={view.b}
            placeholder="trace ids, or the address of a search"
            spellCheck={false}
          />
        </label>
        <button type="submit" className="button">
          Compare
        </button>
        <button
          type="button"
          className="button"
          onClick={() => void navigate({ search: { a: view.b, b: view.a } })}
        >
          Swap
        </button>
      </form>
      <Comparison a={view.a} b={view.b} />
    </div>
  );
}

function Comparison({ a, b }: { a: string | undefined; b: string | undefined }) {
  const before = useStructure(a);
  const after = useStructure(b);
  if (a === undefined || b === undefined)
    return (
      <Empty title="Nothing to compare yet">
        <p>
          Name a trace or a search on either side. A search stands for the newest traces that it finds: all of
          yesterday against today, the failed against the rest.
        </p>
      </Empty>
    );
  const unread = before === undefined ? "A" : after === undefined ? "B" : undefined;
  if (unread !== undefined)
    return (
      <Empty title={`${unread} names neither traces nor a search`}>
        <p>
          Write one or several trace ids, or copy the address of a search, such as{" "}
          <code>/search?service=shop&status=error</code>.
        </p>
      </Empty>
    );
  for (const side of [before, after])
    if (side?.isError === true) return <Failed error={side.error} onRetry={() => void side.refetch()} />;
  if (before?.data === undefined || after?.data === undefined) return <Loading what="both sides" rows={10} />;
  return <Compared before={before.data} after={after.data} />;
}

/** Undefined where the text names nothing. */
function useStructure(text: string | undefined) {
  const side = useMemo(() => parseSide(text ?? ""), [text]);
  const query = useQuery({
    queryKey: ["structure", text],
    queryFn: ({ signal }) => {
      const asked = structureQuery(side ?? { kind: "traces", ids: [] }, (parameters) => {
        const found = searchQuery(searchView.parse(Object.fromEntries(parameters)), Date.now());
        if (!parameters.has("limit")) found.set("limit", "50");
        return found;
      });
      return get(callStructure, `/api/throughline/structure?${asked.toString()}`, signal);
    },
    enabled: side !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return side === undefined ? undefined : query;
}
