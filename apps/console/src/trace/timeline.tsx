import { useVirtualizer } from "@tanstack/react-virtual";
import type { SpanView, TraceView } from "@throughline/api";
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import { axisTicks, formatDuration } from "../ui/format.ts";
import { queueWaits, type Row } from "./rows.ts";

const rowHeight = 30;

export interface TimelineProps {
  trace: TraceView;
  rows: readonly Row[];
  collapsed: ReadonlySet<string>;
  selected: string | undefined;
  colours: ReadonlyMap<string, string>;
  onSelect: (spanId: string | undefined) => void;
  onToggle: (spanId: string) => void;
}

/** Nested bars over time. Arrow keys move, left and right fold, Enter opens, Escape closes. */
export function Timeline({ trace, rows, collapsed, selected, colours, onSelect, onToggle }: TimelineProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const totalNs = Math.max(trace.summary.durationNs, 1);
  const waits = useMemo(() => queueWaits(trace.spans), [trace.spans]);
  const at = rows.findIndex(({ span }) => span.spanId === selected);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });

  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
  }, [at, virtual]);

  function onKeyDown(event: KeyboardEvent): void {
    const row = rows[at];
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: Math.max(at - 1, 0),
      Home: 0,
      End: rows.length - 1,
    };
    const target = moves[event.key];
    if (target !== undefined) {
      const next = rows[Math.min(target, rows.length - 1)];
      if (next !== undefined) onSelect(next.span.spanId);
    } else if (event.key === "Escape") onSelect(undefined);
    else if (row !== undefined && row.descendants > 0 && isFoldKey(event.key, collapsed.has(row.span.spanId)))
      onToggle(row.span.spanId);
    else return;
    event.preventDefault();
  }

  return (
    <div className="timeline">
      <div className="timeline-head" aria-hidden="true">
        <div className="timeline-name">Span</div>
        <div className="timeline-track axis">
          {axisTicks(totalNs).map((tick) => (
            <span key={tick} className="tick" style={{ left: `${(tick / totalNs) * 100}%` }}>
              {tick === 0 ? "0" : formatDuration(tick)}
            </span>
          ))}
        </div>
        <div className="timeline-time">Duration</div>
      </div>
      <div
        ref={scroller}
        className="timeline-rows"
        role="tree"
        aria-label="Spans"
        tabIndex={0}
        aria-activedescendant={selected === undefined ? undefined : `span-${selected}`}
        onKeyDown={onKeyDown}
      >
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            const { spanId } = row.span;
            return (
              <TimelineRow
                key={spanId}
                row={row}
                top={item.start}
                totalNs={totalNs}
                colour={colours.get(row.span.service) ?? "currentColor"}
                wait={waits.get(spanId)}
                isSelected={spanId === selected}
                isCollapsed={collapsed.has(spanId)}
                isBottleneck={trace.bottleneck?.spanId === spanId}
                onSelect={onSelect}
                onToggle={onToggle}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function isFoldKey(key: string, isCollapsed: boolean): boolean {
  return key === (isCollapsed ? "ArrowRight" : "ArrowLeft") || key === " ";
}

interface RowProps {
  row: Row;
  top: number;
  totalNs: number;
  colour: string;
  wait: { fromNs: number; toNs: number } | undefined;
  isSelected: boolean;
  isCollapsed: boolean;
  isBottleneck: boolean;
  onSelect: (spanId: string) => void;
  onToggle: (spanId: string) => void;
}

function TimelineRow({
  row,
  top,
  totalNs,
  colour,
  wait,
  isSelected,
  isCollapsed,
  isBottleneck,
  onSelect,
  onToggle,
}: RowProps) {
  const { span, descendants } = row;
  const failed = span.status === "error";
  const classes = ["timeline-row", ...(isSelected ? ["selected"] : []), ...(failed ? ["failed"] : [])].join(
    " ",
  );
  return (
    <div
      id={`span-${span.spanId}`}
      className={classes}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-selected={isSelected}
      aria-expanded={descendants === 0 ? undefined : !isCollapsed}
      style={{ transform: `translateY(${top}px)`, height: rowHeight }}
      onClick={() => onSelect(span.spanId)}
    >
      <div className="timeline-name" style={{ paddingLeft: 8 + Math.min(span.depth, 24) * 14 }}>
        {descendants > 0 ? (
          <button
            type="button"
            className="fold"
            tabIndex={-1}
            aria-label={isCollapsed ? "Unfold" : "Fold"}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(span.spanId);
            }}
          >
            {isCollapsed ? "▸" : "▾"}
          </button>
        ) : (
          <span className="fold" aria-hidden="true" />
        )}
        <span className="dot" style={{ background: colour }} title={span.service} />
        {failed && (
          <span className="cross" aria-label="failed">
            ✕
          </span>
        )}
        <span className="clip" title={span.name}>
          {span.name}
        </span>
        {isCollapsed && <span className="count">{descendants}</span>}
      </div>
      <div className="timeline-track">
        {wait !== undefined && (
          <span
            className="wait"
            style={place(wait.fromNs, wait.toNs - wait.fromNs, totalNs)}
            title={`waited in the queue for ${formatDuration(wait.toNs - wait.fromNs)}`}
          />
        )}
        <Bar
          span={span}
          totalNs={totalNs}
          colour={failed ? "var(--error)" : colour}
          isBottleneck={isBottleneck}
        />
      </div>
      <div className="timeline-time">{formatDuration(span.durationNs)}</div>
    </div>
  );
}

/** The filled part is the share of self time. */
function Bar({
  span,
  totalNs,
  colour,
  isBottleneck,
}: {
  span: SpanView;
  totalNs: number;
  colour: string;
  isBottleneck: boolean;
}) {
  const self = span.durationNs === 0 ? 100 : (span.selfNs / span.durationNs) * 100;
  const title = `${formatDuration(span.durationNs)}, of it ${formatDuration(span.selfNs)} not in children`;
  return (
    <span
      className={isBottleneck ? "bar bottleneck" : "bar"}
      style={{ ...place(span.startOffsetNs, span.durationNs, totalNs), color: colour }}
      title={title}
    >
      <span className="bar-self" style={{ width: `${self}%` }} />
    </span>
  );
}

function place(fromNs: number, lengthNs: number, totalNs: number) {
  return { left: `${(fromNs / totalNs) * 100}%`, width: `max(2px, ${(lengthNs / totalNs) * 100}%)` };
}
