import { formatDuration } from "../ui/format.ts";
import { Icon } from "../ui/icons.tsx";
import type { TraceData } from "./trace-data.ts";

/** More are no list that anybody sets by hand. */
const shownAtMost = 30;

/** Clocks that run ahead or behind, and what is added to the times of each. */
export function Clocks({
  trace,
  isAdjusted,
  shifts,
  onAdjust,
  onShift,
}: {
  trace: TraceData;
  isAdjusted: boolean;
  /** Nanoseconds set for single clocks by hand. */
  shifts: ReadonlyMap<number, number>;
  onAdjust: (isAdjusted: boolean) => void;
  onShift: (clock: number, ns: number | undefined) => void;
}) {
  const { clocks } = trace.head;
  const { skews } = trace;
  if (skews.length === 0 && shifts.size === 0 && clocks.length < 2) return null;
  const [first] = skews;
  return (
    <details className="clocks">
      <summary className="button small-button">
        <Icon name={skews.length > 0 && !isAdjusted ? "warn" : "slow"} size={13} />
        {skews.length === 0
          ? "Clocks"
          : isAdjusted
            ? "Clocks adjusted"
            : `${skews.length === 1 ? "A clock is" : `${skews.length} clocks are`} off`}
      </summary>
      <div className="clocks-list">
        {first === undefined ? (
          <p>No span begins before the one that called it: the clocks seem to agree.</p>
        ) : (
          <>
            <ul>
              {skews.slice(0, shownAtMost).map(({ clock, reference, shiftNs }) => (
                <li key={clock}>
                  The clock of <b>{clocks[clock]}</b> seems {formatDuration(Math.abs(shiftNs))}{" "}
                  {shiftNs > 0 ? "behind" : "ahead of"} that of {clocks[reference]}.
                </li>
              ))}
            </ul>
            <label className="check">
              <input
                type="checkbox"
                checked={isAdjusted}
                onChange={(event) => onAdjust(event.target.checked)}
              />
              Adjust, so that calls lie within their callers
            </label>
          </>
        )}
        <table>
          <caption className="muted">Added to the times of each clock</caption>
          <tbody>
            {clocks.slice(0, shownAtMost).map((name, clock) => (
              <tr key={name}>
                <th scope="row">
                  <bdi>{name}</bdi>
                </th>
                <td>
                  <input
                    type="number"
                    step="any"
                    aria-label={`Milliseconds added to the clock of ${name}`}
                    value={(shifts.get(clock) ?? trace.shifts[clock] ?? 0) / 1e6}
                    onChange={({ target }) =>
                      onShift(clock, target.value === "" ? undefined : Number(target.value) * 1e6)
                    }
                  />{" "}
                  ms
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {clocks.length > shownAtMost && (
          <p className="muted">
            The first {shownAtMost} of {clocks.length} clocks.
          </p>
        )}
      </div>
    </details>
  );
}
