import { type KeyboardEvent, useEffect, useEffectEvent, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatClock, formatTime } from "../ui/format.ts";
import { useTheme } from "../ui/theme.tsx";
import { useZone } from "../ui/zone.tsx";
import { alone, drawMarks, type Mark, markNear } from "./chart-marks.ts";

export interface Line {
  name: string;
  values: readonly (number | null)[];
  tone: "accent" | "busy" | "warn" | "bad" | "muted";
  isFilled?: boolean;
}

/** Steps, both inclusive. */
export interface StepRange {
  from: number;
  to: number;
}

const height = 168;
const dayMs = 86_400_000;
const smallestBrushPx = 4;

interface ChartProps {
  title: string;
  /** What it says in a sentence. */
  label: string;
  /** Where each step begins. */
  atMs: readonly number[];
  stepMs: number;
  lines: readonly Line[];
  marks?: readonly Mark[];
  format: (value: number) => string;
  /** Of the ticks, all in one unit; `format` unless given. */
  formatAxis?: (values: readonly number[]) => string[];
  /** The scale goes at least so far. */
  top: number;
  selected: StepRange | undefined;
  cursor: number | undefined;
  onSelect: (range: StepRange | undefined) => void;
  onCursor: (step: number | undefined) => void;
  onSearch: () => void;
  onOpen: (id: string) => void;
}

/**
 * Lines over time. Drawing over it selects steps, a click on a mark opens it; the arrow keys go from step to step, with Shift they select.
 * All charts of a page share cursor and selection. Tables below have the same for those who do not see it.
 */
export function Chart(props: ChartProps) {
  const { title, atMs, stepMs, lines, format, top, cursor } = props;
  const { theme } = useTheme();
  const { zone } = useZone();
  // What uPlot takes only when it is made.
  const shape = lines.map(({ name, tone }) => `${name} ${tone}`).join();
  const spanMs = (atMs.at(-1) ?? 0) - (atMs[0] ?? 0);
  return (
    <figure className="chart panel">
      <figcaption>
        <b>{title}</b>
        {lines.map(({ name, values, tone }) => (
          <span key={name} className="chart-key">
            <i className={`chart-line tone-${tone}`} /> {name}{" "}
            {cursor !== undefined && <b>{shown(values[cursor], format)}</b>}
          </span>
        ))}
      </figcaption>
      <Plot key={[shape, theme, zone, top, spanMs].join()} {...props} spanMs={spanMs} zone={zone} />
      <div className="unseen" role="status">
        {cursor !== undefined &&
          `${formatTime(atMs[cursor] ?? 0, zone).slice(0, 16)}, ${stepMs / 60_000} min: ${lines
            .map(({ name, values }) => `${name} ${shown(values[cursor], format)}`)
            .join(", ")}`}
      </div>
    </figure>
  );
}

const none: readonly Mark[] = [];

function Plot({
  label,
  atMs,
  lines,
  marks = none,
  format,
  formatAxis = (values) => values.map(format),
  top,
  selected,
  cursor,
  onSelect,
  onCursor,
  onSearch,
  onOpen,
  spanMs,
  zone,
}: ChartProps & { spanMs: number; zone: string | undefined }) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const drawnMarks = useRef<readonly Mark[]>(none);
  const writeTicks = useEffectEvent((values: number[]) => formatAxis(values));
  const select = useEffectEvent((range: StepRange | undefined) => onSelect(range));
  const move = useEffectEvent((step: number | undefined) => onCursor(step));
  const click = useEffectEvent((made: uPlot, event: MouseEvent) => {
    const near = markNear(made, drawnMarks.current, event.offsetX, event.offsetY);
    if (near !== undefined) onOpen(near.id);
    else if (made.select.width < smallestBrushPx) onSelect(undefined);
  });
  const makePlot = useEffectEvent((element: HTMLElement): uPlot => {
    const styles = getComputedStyle(element);
    const colour = (name: string) => colourOf(element, name);
    const text = colour("--muted");
    const grid = { stroke: colour("--line"), width: 1 };
    const font = `11px ${styles.fontFamily}`;
    return new uPlot(
      {
        width: Math.max(80, element.clientWidth),
        height,
        legend: { show: false },
        cursor: {
          drag: { x: true, y: false, setScale: false, dist: smallestBrushPx },
          points: { size: 6 },
          y: false,
        },
        scales: {
          x: { time: true },
          y: { range: (_plot, _min, max) => [0, Math.max(max ?? 0, top) * 1.08] },
        },
        axes: [
          {
            stroke: text,
            font,
            grid: { show: false },
            ticks: grid,
            size: 26,
            gap: 4,
            space: 64,
            values: (_plot, splits) =>
              splits.map((second) =>
                spanMs > 2 * dayMs
                  ? formatTime(second * 1_000, zone).slice(5, 10)
                  : formatClock(second * 1_000, zone).slice(0, 5),
              ),
          },
          {
            stroke: text,
            font,
            grid,
            ticks: { show: false },
            size: 62,
            gap: 6,
            space: 34,
            values: (_plot, splits) => writeTicks(splits),
          },
        ],
        series: [
          {},
          ...lines.map(({ name, tone, isFilled }) => ({
            label: name,
            stroke: colour(`--${tone}`),
            ...(isFilled === true ? { fill: colour(`--${tone}-soft`) } : {}),
            width: 1.6,
            points: {
              show: true,
              size: 4,
              filter: (drawn: uPlot, line: number) => alone(drawn.data[line] ?? []),
            },
          })),
        ],
        hooks: {
          draw: [(drawn) => drawMarks(drawn, drawnMarks.current, colour("--bad"), colour("--text"))],
          setCursor: [({ cursor: { idx } }) => move(idx ?? undefined)],
          setSelect: [
            (drawn) => {
              const { left, width } = drawn.select;
              if (width < smallestBrushPx) return;
              const [from, to] = [drawn.posToIdx(left), drawn.posToIdx(left + width)];
              select({ from, to });
            },
          ],
        },
      },
      [[0], ...lines.map(() => [null])],
      element,
    );
  });

  useEffect(() => {
    const element = holder.current;
    if (element === null) return undefined;
    const made = makePlot(element);
    plot.current = made;
    made.over.addEventListener("click", (event) => click(made, event));
    const observer = new ResizeObserver(() =>
      made.setSize({ width: Math.max(80, element.clientWidth), height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, []);

  useEffect(() => {
    drawnMarks.current = marks;
    plot.current?.setData([atMs.map((at) => at / 1_000), ...lines.map(({ values }) => [...values])]);
  }, [atMs, lines, marks]);

  useEffect(() => {
    const drawn = plot.current;
    if (drawn === undefined) return;
    if (selected === undefined) {
      drawn.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      return;
    }
    const at = (step: number) => drawn.valToPos((atMs[step] ?? 0) / 1_000, "x");
    const left = at(selected.from);
    const width = Math.max(3, at(selected.to) - left);
    drawn.setSelect({ left, width, top: 0, height: drawn.over.clientHeight }, false);
  }, [selected, atMs]);

  const onKeyDown = (event: KeyboardEvent) => {
    const last = atMs.length - 1;
    const at = cursor ?? last;
    const next = {
      ArrowRight: Math.min(last, at + 1),
      ArrowLeft: cursor === undefined ? last : Math.max(0, at - 1),
      Home: 0,
      End: last,
    }[event.key];
    if (next !== undefined) {
      onCursor(next);
      if (event.shiftKey) {
        const fixed = selected === undefined ? at : at === selected.from ? selected.to : selected.from;
        onSelect({ from: Math.min(fixed, next), to: Math.max(fixed, next) });
      }
    } else if (event.key === "Enter") {
      if (selected === undefined) onSelect({ from: at, to: at });
      else onSearch();
    } else if (event.key === "Escape" && selected !== undefined) onSelect(undefined);
    else return;
    event.preventDefault();
  };
  return (
    <div
      ref={holder}
      className="chart-plot"
      tabIndex={0}
      role="application"
      aria-roledescription="chart"
      aria-label={`${label} Arrow keys go from step to step, with Shift they select, Enter searches what is selected.`}
      onKeyDown={onKeyDown}
      onPointerLeave={() => onCursor(undefined)}
    />
  );
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

/** A canvas knows no `light-dark()`: the browser says what a colour of the style sheet is just now. */
function colourOf(element: HTMLElement, name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
