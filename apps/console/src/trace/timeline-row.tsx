import { memo } from "react";
import { formatCount, formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import type { Row } from "./rows.ts";
import type { TimeRange } from "./ticks.ts";

const indent = 14;
/** Deeper levels stay where this one is and show their number: a chain of thousands must not leave the page. */
const deepest = 18;

export interface TimelineRowProps {
  row: Row;
  /** Pixels from the first row's top. */
  top: number;
  height: number;
  colour: string;
  showService: boolean;
  wait: TimeRange | undefined;
  isActive: boolean;
  isCollapsed: boolean;
  onOpen: (spanId: string) => void;
  onToggle: (spanId: string) => void;
}

/** Kept as it is while the list scrolls past it. */
export const TimelineRow = memo(function TimelineRow(props: TimelineRowProps) {
  const { row, top, height, colour, showService, wait, isActive, isCollapsed, onOpen, onToggle } = props;
  const { span, descendants } = row;
  const failed = span.status === "error";
  const waited = wait && `waited ${formatDuration(wait.toNs - wait.fromNs)} in the queue`;
  const depth = Math.min(span.depth, deepest);
  return (
    <div
      id={`span-${span.spanId}`}
      className={`timeline-row${isActive ? " active" : ""}${failed ? " failed" : ""}`}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-selected={isActive}
      aria-expanded={descendants === 0 ? undefined : !isCollapsed}
      aria-label={[
        span.name,
        span.service,
        formatDuration(span.durationNs),
        ...(failed ? ["failed"] : []),
        ...(waited ? [waited] : []),
      ].join(", ")}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => onOpen(span.spanId)}
    >
      <div
        className="timeline-name"
        style={{
          paddingLeft: 8 + depth * indent,
          // A line down from every level above.
          backgroundSize: `${depth * indent}px 100%`,
        }}
      >
        {descendants > 0 ? (
          <button
            type="button"
            className="fold"
            tabIndex={-1}
            aria-label={isCollapsed ? "Unfold" : "Fold"}
            aria-expanded={!isCollapsed}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(span.spanId);
            }}
          >
            <Icon name="chevron" size={12} />
          </button>
        ) : (
          <span className="fold" />
        )}
        <span className="swatch" style={{ background: colour }} />
        {failed && <Icon name="cross" size={12} />}
        <span className="clip span-name" title={span.name}>
          {span.name}
        </span>
        {showService && <span className="clip muted small">{span.service}</span>}
        {span.depth > deepest && <span className="count">level {span.depth}</span>}
        {isCollapsed && <span className="count">+{formatCount(descendants)}</span>}
        {span.parentMissing && <span className="count">parent missing</span>}
      </div>
      <div className="timeline-track">{waited !== undefined && <span className="unseen">{waited}</span>}</div>
      <div className="timeline-time timeline-self muted">{formatDuration(span.selfNs)}</div>
      <div className="timeline-time">{formatDuration(span.durationNs)}</div>
    </div>
  );
});
