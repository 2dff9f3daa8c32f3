import { type KeyboardEvent, memo, type RefObject, useEffect, useState } from "react";
import { formatDuration, plural } from "../ui/format.ts";
import { headHeight, rowHeight } from "./paint-timeline.ts";
import { type Folds, isFolded } from "./rows.ts";
import type { TraceData } from "./trace-data.ts";

/** Rows follow when scrolling rests: while it goes on nobody can read them. */
const restMs = 90;
const around = 8;

/**
 * The timeline for programs that read and for those who walk by keys: the rows that are on the canvas stand here as elements, each where it
 * is drawn. Clicks are the timeline's.
 */
export function TimelineTable({
  trace,
  rows,
  folds,
  active,
  activeRow,
  scroller,
  height,
  onKeyDown,
  onFocus,
}: {
  trace: TraceData;
  rows: Int32Array;
  folds: Folds;
  active: number;
  activeRow: number;
  scroller: RefObject<HTMLDivElement | null>;
  height: number;
  onKeyDown: (event: KeyboardEvent) => void;
  onFocus: () => void;
}) {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const { current } = scroller;
    if (current === null) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onScroll = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => setTop(current.scrollTop), restMs);
    };
    current.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      current.removeEventListener("scroll", onScroll);
    };
  }, [scroller]);

  const first = Math.max(0, Math.floor(top / rowHeight) - around);
  const last = Math.min(rows.length, Math.ceil((top + height) / rowHeight) + around);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, line) => first + line);
  if (activeRow >= 0 && (activeRow < first || activeRow >= last)) shown.push(activeRow);
  return (
    <div
      className="timeline-table"
      role="treegrid"
      aria-label="Spans"
      aria-rowcount={rows.length + 1}
      aria-colcount={columnNames.length}
      tabIndex={0}
      aria-activedescendant={activeRow < 0 ? undefined : idOf(trace, active)}
      style={{ height: rows.length * rowHeight + headHeight }}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
    >
      <div role="row" aria-rowindex={1} className="table-row" style={{ top: 0, height: headHeight }}>
        {columnNames.map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      {shown.map((row) => {
        const at = rows[row] ?? 0;
        return (
          <TableRow
            key={at}
            trace={trace}
            at={at}
            row={row}
            isActive={at === active}
            isClosed={isFolded(trace, folds, at)}
          />
        );
      })}
    </div>
  );
}

const columnNames = ["Span", "Service", "Starts at", "Duration", "Self", "Notes"];

function idOf(trace: TraceData, at: number): string {
  return `span-${trace.spanId(at)}-${at}`;
}

const TableRow = memo(function TableRow({
  trace,
  at,
  row,
  isActive,
  isClosed,
}: {
  trace: TraceData;
  at: number;
  row: number;
  isActive: boolean;
  isClosed: boolean;
}) {
  const descendants = trace.descendants(at);
  return (
    <div
      id={idOf(trace, at)}
      className="table-row"
      role="row"
      aria-rowindex={row + 2}
      aria-level={trace.depth(at) + 1}
      aria-selected={isActive}
      aria-expanded={descendants === 0 ? undefined : !isClosed}
      style={{ top: headHeight + row * rowHeight, height: rowHeight }}
    >
      <span role="gridcell">{trace.name(at).slice(0, 300)}</span>
      <span role="gridcell">{trace.service(at).slice(0, 300)}</span>
      <span role="gridcell">{formatDuration(trace.start(at))}</span>
      <span role="gridcell">{formatDuration(trace.duration(at))}</span>
      <span role="gridcell">{formatDuration(trace.self(at))}</span>
      <span role="gridcell">{notesOf(trace, at).join(", ")}</span>
    </div>
  );
});

/** What the canvas shows by signs and colours. */
function notesOf(trace: TraceData, at: number): string[] {
  const wait = trace.wait(at);
  const below = trace.descendants(at);
  return [
    ...(trace.hasFailed(at) ? ["failed"] : []),
    ...(trace.attempt(at) > 0 ? [`attempt ${trace.attempt(at)}`] : []),
    ...(wait === undefined ? [] : [`waited ${formatDuration(wait.toNs - wait.fromNs)} in the queue`]),
    ...(at === trace.analysis.bottleneck ? ["bottleneck"] : []),
    ...(trace.isCritical(at) ? ["on the critical path"] : []),
    ...(trace.isParentMissing(at) ? ["parent missing"] : []),
    ...(trace.endsBeforeStart(at) ? ["ends before it starts"] : []),
    ...(trace.hasLinks(at) ? ["has links"] : []),
    ...(below > 0 ? [`${plural(below, "span")} below`] : []),
  ];
}
