import type { CallStructure } from "@throughline/api";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { formatCount, formatDuration, formatPercent, plural } from "../ui/format.ts";
import { Empty } from "../ui/states.tsx";
import { changedOnly, mean, type MergedNode, mergeStructures } from "./merge.ts";
import "../trace/trace.css";
import "./compare.css";

const rowHeight = 28;
const deepest = 20;

/** What is only on one side, what takes longer, and every call of both. */
export function Compared({ before, after }: { before: CallStructure; after: CallStructure }) {
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
