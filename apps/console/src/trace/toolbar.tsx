import type { TraceViewSearch } from "../api/parameters.ts";
import { formatCount, formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import { useTheme } from "../ui/theme.tsx";
import { Clocks } from "./clocks.tsx";
import type { ColourKey } from "./colours.ts";
import { FindBox } from "./find-box.tsx";
import type { Folds } from "./rows.ts";
import type { TraceData } from "./trace-data.ts";
import { useRestingZoom, type Zoom } from "./zoom.ts";

const views = [
  [undefined, "Timeline"],
  ["flame", "Flame graph"],
  ["statistics", "Statistics"],
  ["graph", "Graph"],
  ["json", "JSON"],
] as const;
const legendAtMost = 12;

export interface ToolbarProps {
  trace: TraceData;
  view: TraceViewSearch;
  onView: (view: Partial<TraceViewSearch>) => void;
  zoom: Zoom;
  colours: ColourKey;
  folds: Folds;
  deepest: number;
  /** Index of the span whose subtree is all that is shown; -1: none. */
  focused: number;
  found: Int32Array | undefined;
  active: number;
  shifts: ReadonlyMap<number, number>;
  onShift: (clock: number, ns: number | undefined) => void;
  onFind: (step: 1 | -1) => void;
  onError: (step: 1 | -1) => void;
  onLevel: (step: 1 | -1) => void;
  onFoldFrom: (level: number | undefined) => void;
}

/** How the trace is looked at, and what the colours mean. */
export function Toolbar(props: ToolbarProps) {
  const { trace, view, onView, zoom, colours, folds, deepest, focused, found, active } = props;
  const { shifts, onShift, onFind, onError, onLevel, onFoldFrom } = props;
  const isTimeline = view.view === undefined;
  const { errorCount } = trace.head.summary;
  return (
    <div className="trace-tools">
      <div className="toolbar">
        <div className="segments" role="group" aria-label="View">
          {views.map(([name, label]) => (
            <button
              key={label}
              type="button"
              aria-pressed={view.view === name}
              onClick={() => onView({ view: name })}
            >
              {label}
            </button>
          ))}
        </div>
        <FindBox
          text={view.find ?? ""}
          found={found?.length}
          place={found === undefined || active < 0 ? 0 : found.indexOf(active) + 1}
          onText={(text) => onView({ find: text === "" ? undefined : text })}
          onStep={onFind}
        />
        {errorCount > 0 && (
          <button type="button" className="button small-button" onClick={() => onError(1)}>
            <Icon name="cross" size={12} /> Next of {formatCount(errorCount)}{" "}
            {errorCount === 1 ? "error" : "errors"}
          </button>
        )}
        <span className="grow" />
        {focused >= 0 && (
          <button type="button" className="button small-button" onClick={() => onView({ focus: undefined })}>
            <span className="clip">only below {trace.name(focused).slice(0, 60)}</span>
            <Icon name="close" size={12} />
            <span className="unseen">Show the whole trace</span>
          </button>
        )}
        <ZoomChip zoom={zoom} />
        <Clocks
          trace={trace}
          isAdjusted={view.clocks === "adjusted"}
          shifts={shifts}
          onAdjust={(isAdjusted) => onView({ clocks: isAdjusted ? "adjusted" : undefined })}
          onShift={onShift}
        />
        {isTimeline && deepest > 0 && (
          <div className="segments" role="group" aria-label="Levels">
            <button
              type="button"
              aria-label="Fold a level more"
              title="Fold a level more"
              onClick={() => onLevel(-1)}
            >
              <Icon name="dash" size={12} />
            </button>
            <button
              type="button"
              onClick={() => onFoldFrom(folds.fromLevel === undefined ? Math.min(1, deepest - 1) : undefined)}
            >
              <Icon name="fold" size={13} />{" "}
              {folds.fromLevel === undefined
                ? "Fold all"
                : `Unfold all (level ${formatCount(folds.fromLevel + 1)})`}
            </button>
            <button
              type="button"
              aria-label="Fold a level less"
              title="Fold a level less"
              onClick={() => onLevel(1)}
            >
              <Icon name="plus" size={12} />
            </button>
          </div>
        )}
      </div>
      {(isTimeline || view.view === "flame") && <Legend trace={trace} colours={colours} />}
    </div>
  );
}

function ZoomChip({ zoom }: { zoom: Zoom }) {
  const { fromNs, toNs } = useRestingZoom(zoom);
  if (zoom.isWhole()) return null;
  return (
    <button type="button" className="button small-button" onClick={() => zoom.set(zoom.whole())}>
      {formatDuration(fromNs)} – {formatDuration(toNs)} <Icon name="close" size={12} />
      <span className="unseen">Show the whole time</span>
    </button>
  );
}

function Legend({ trace, colours }: { trace: TraceData; colours: ColourKey }) {
  const { theme } = useTheme();
  const more = colours.labels.length - legendAtMost;
  const hasProducers =
    trace.head.summary.ticketId !== null || trace.analysis.waitFrom.some((from) => from >= 0);
  return (
    <ul className="legend" aria-label={`Colours by ${colours.by}`}>
      {colours.labels.slice(0, legendAtMost).map((label) => (
        <li key={label}>
          <span
            className={colours.isLabelStriped(label) ? "swatch striped" : "swatch"}
            style={{ backgroundColor: colours.colourOfLabel(label, theme) }}
          />
          <bdi className="clip">{label.slice(0, 40)}</bdi>
        </li>
      ))}
      {more > 0 && <li>{formatCount(more)} more</li>}
      <li className="sign">
        <span className="swatch swatch-self" /> self time
      </li>
      <li className="sign">
        <span className="swatch swatch-critical" /> critical path
      </li>
      {hasProducers && (
        <li className="sign">
          <span className="swatch swatch-wait" /> waiting in the queue
        </li>
      )}
      <li className="sign">
        <span className="swatch swatch-event" /> event
      </li>
    </ul>
  );
}
