import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type CallStructure, callStructure } from "@throughline/api";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { get } from "../api/http.ts";
import { searchQuery, searchView } from "../api/parameters.ts";
import { changedOnly, mean, type MergedNode, mergeStructures } from "../compare/merge.ts";
import { parseSide, structureQuery } from "../compare/side.ts";
import { formatCount, formatDuration, formatPercent, plural } from "../ui/format.ts";
import { Empty, Failed, Loading } from "../ui/states.tsx";
import "../trace/trace.css";
import "../compare/compare.css";

const route = getRouteApi("/compare");
const rowHeight = 28;
const deepest = 20;

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

function Compared({ before, after }: { before: CallStructure; after: CallStructure }) {
  const [isChangedOnly, setChangedOnly] = useState(false);
  const nodes = useMemo(() => mergeStructures(before, after), [before, after]);
  const shown = useMemo(() => (isChangedOnly ? changedOnly(nodes) : nodes), [nodes, isChangedOnly]);
  const onlyBefore = nodes.filter((node) => node.after === undefined).length;
  const onlyAfter = nodes.filter((node) => node.before === undefined).length;
  if (before.traces === 0 || after.traces === 0)
    return (
      <Empty title={`${before.traces === 0 ? "A" : "B"} has no traces`}>
        <p>Nothing is stored under these ids, or the search finds nothing.</p>
      </Empty>
    );
  return (
    <>
      <dl className="facts">
        <SideFacts name="A" side={before} />
        <SideFacts name="B" side={after} />
        <div>
          <dt>Only in A</dt>
          <dd>{plural(onlyBefore, "path")}</dd>
        </div>
        <div>
          <dt>Only in B</dt>
          <dd>{plural(onlyAfter, "path")}</dd>
        </div>
      </dl>
      <Slowest nodes={nodes} />
      <label className="check">
        <input
          type="checkbox"
          checked={isChangedOnly}
          onChange={(event) => setChangedOnly(event.target.checked)}
        />
        Only what has changed
      </label>
      <Rows nodes={shown} />
    </>
  );
}

function SideFacts({ name, side }: { name: string; side: CallStructure }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {plural(side.traces, "trace")}, {plural(side.spans, "span")}, {formatDuration(side.p50Ns ?? 0)}
        {side.traces > 1 && <span className="muted"> median, {formatDuration(side.p95Ns ?? 0)} p95</span>}
        {side.isPartial && <span className="muted"> (the newest of more)</span>}
      </dd>
    </div>
  );
}

/** What B spends more time in, once for each trace of it. */
function Slowest({ nodes }: { nodes: readonly MergedNode[] }) {
  const slower = nodes
    .filter(({ changeNs = 0, before, after }) => changeNs > 0 && before !== undefined && after !== undefined)
    .map((node) => ({ node, selfNs: selfMean(node.after) - selfMean(node.before) }))
    .filter(({ selfNs }) => selfNs > 0)
    .sort((a, b) => b.selfNs - a.selfNs)[0];
  if (slower === undefined) return <p className="note">Nothing that is in both takes longer in B.</p>;
  const { node, selfNs } = slower;
  return (
    <p className="note note-warn">
      <span>
        Slower: <b>{node.name.slice(0, 200)}</b> of {node.service.slice(0, 100)} itself takes{" "}
        {formatDuration(selfNs)} more a span ({formatDuration(selfMean(node.before))} before,{" "}
        {formatDuration(selfMean(node.after))} now)
      </span>
    </p>
  );
}

function selfMean(node: MergedNode["before"]): number {
  return node === undefined || node.spans === 0 ? 0 : node.selfNs / node.spans;
}

function Rows({ nodes }: { nodes: readonly MergedNode[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: nodes.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 15,
  });
  const most = nodes.reduce((largest, { changeNs = 0 }) => Math.max(largest, Math.abs(changeNs)), 1);
  return (
    <div
      ref={scroller}
      className="compare-rows"
      role="treegrid"
      aria-label="Calls of both sides"
      aria-rowcount={nodes.length + 1}
      tabIndex={0}
    >
      <div className="compare-row compare-head" role="row" aria-rowindex={1}>
        {["Call", "A", "B", "Change", "Spans A", "Spans B", "Errors A", "Errors B"].map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const node = nodes[index];
          return node && <Row key={index} node={node} index={index} top={start} most={most} />;
        })}
      </div>
    </div>
  );
}

function Row({ node, index, top, most }: { node: MergedNode; index: number; top: number; most: number }) {
  const { before, after, changeNs, depth } = node;
  const side = before === undefined ? "only-after" : after === undefined ? "only-before" : "";
  const old = before === undefined ? 0 : mean(before);
  return (
    <div
      className={`compare-row ${side}`}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={index + 2}
      style={{ transform: `translateY(${top}px)`, height: rowHeight, position: "absolute", insetInline: 0 }}
    >
      <span role="gridcell" className="clip" style={{ paddingLeft: 8 + Math.min(depth, deepest) * 14 }}>
        {side === "only-after" && <b className="badge">only in B</b>}
        {side === "only-before" && <b className="badge">only in A</b>}
        <bdi>{node.name.slice(0, 200)}</bdi> <bdi className="muted small">{node.service.slice(0, 100)}</bdi>
        {depth > deepest && <span className="count">level {formatCount(depth)}</span>}
      </span>
      <span role="gridcell">{before && formatDuration(mean(before))}</span>
      <span role="gridcell">{after && formatDuration(mean(after))}</span>
      <span
        role="gridcell"
        className={changeNs === undefined || changeNs === 0 ? "muted" : changeNs > 0 ? "slower" : "faster"}
      >
        {changeNs === 0 && "0"}
        {changeNs !== undefined && changeNs !== 0 && (
          <>
            <i
              className="change"
              style={{
                width: `${(Math.abs(changeNs) / most) * 50}%`,
                [changeNs > 0 ? "left" : "right"]: "50%",
              }}
            />
            <span>
              {changeNs > 0 ? "+" : "−"}
              {formatDuration(Math.abs(changeNs))}
              {old > 0 && (
                <span className="relative">
                  {` (${changeNs > 0 ? "+" : "−"}${formatPercent((Math.abs(changeNs) / old) * 100)})`}
                </span>
              )}
            </span>
          </>
        )}
      </span>
      <span role="gridcell">{before && formatCount(before.spans)}</span>
      <span role="gridcell">{after && formatCount(after.spans)}</span>
      <span role="gridcell" className={before !== undefined && before.errors > 0 ? "bad" : ""}>
        {before && formatCount(before.errors)}
      </span>
      <span role="gridcell" className={after !== undefined && after.errors > 0 ? "bad" : ""}>
        {after && formatCount(after.errors)}
      </span>
    </div>
  );
}
