import { defaultWindow, windowLookbacks } from "./span-window.ts";
import { useTimeFormat } from "../ui/zone.tsx";
import { Icon } from "../ui/icons.tsx";

interface View {
  lookback?: string | undefined;
  start?: number | undefined;
  end?: number | undefined;
}

/** How far back; or the fixed times that were zoomed into, and out of them. */
export function WindowPicker({ view, onView }: { view: View; onView: (next: View) => void }) {
  const formatTime = useTimeFormat();
  const isFixed = view.start !== undefined || view.end !== undefined;
  const current = view.lookback ?? defaultWindow;
  return (
    <div className="filters" role="group" aria-label="Look-back">
      {isFixed && (
        <button
          type="button"
          className="filter filter-set"
          onClick={() => onView({ start: undefined, end: undefined })}
        >
          {view.start !== undefined && formatTime(view.start / 1_000).slice(5, 16)} –{" "}
          {view.end !== undefined && formatTime(view.end / 1_000).slice(11, 16)}{" "}
          <Icon name="close" size={12} />
          <span className="unseen">Zoom out</span>
        </button>
      )}
      {windowLookbacks.map((lookback) => (
        <button
          key={lookback}
          type="button"
          className="filter"
          aria-pressed={!isFixed && current === lookback}
          onClick={() => onView({ lookback, start: undefined, end: undefined })}
        >
          {lookback}
        </button>
      ))}
    </div>
  );
}
