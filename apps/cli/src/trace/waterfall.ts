import type { SpanView, TraceSummary, TraceView } from "@throughline/api";

export interface WaterfallOptions {
  /** `start`: the tree; `duration`: longest first. */
  order: "start" | "duration";
  colour: boolean;
  /** Base of the link to the console. */
  consoleUrl: string;
  /** Where it is not the default one: the commands that are shown name it. */
  data?: string | undefined;
}

const barWidth = 32;
const paint = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;
type Paint = (text: string, ...styles: (keyof typeof paint)[]) => string;

/** A trace for the terminal: totals, one line per span with its bar, the bottleneck, errors, and where to look further. */
export function renderWaterfall(trace: TraceView, options: WaterfallOptions): string {
  const style: Paint = options.colour
    ? (text, ...styles) => `\u001b[${styles.map((name) => paint[name]).join(";")}m${text}\u001b[0m`
    : (text) => text;
  const spans =
    options.order === "start" ? trace.spans : [...trace.spans].sort((a, b) => b.durationNs - a.durationNs);
  const label = (span: SpanView) =>
    `${options.order === "start" ? "  ".repeat(Math.min(span.depth, 20)) : ""}${printable(span.name)}`;
  const nameWidth = Math.min(60, Math.max(...spans.map((span) => label(span).length), 4));
  const lines = [
    headline(trace.summary, style),
    style(
      `  ${"span".padEnd(nameWidth)} ${"start".padStart(9)} ${"duration".padStart(9)} ${"self".padStart(9)}`,
      "dim",
    ),
    ...spans.map((span) => spanLine(span, label(span).slice(0, nameWidth).padEnd(nameWidth), trace, style)),
    ...errorLines(trace.spans, style),
    ...bottleneckLine(trace, style),
    style(`  ${options.consoleUrl}/trace/${trace.summary.traceId}`, "cyan"),
    style(
      `  npx throughline trace ${trace.summary.ticketId ?? trace.summary.traceId}${options.data === undefined ? "" : ` --data ${options.data}`}`,
      "dim",
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function headline(summary: TraceSummary, style: Paint): string {
  const status = summary.enhancementStatus;
  const words = {
    success: "enhanced",
    partial: "partly enhanced",
    skipped: "no note wanted",
    failed: "not enhanced",
  } as const;
  const outcome =
    status === null
      ? style("no outcome yet", "yellow")
      : style(
          words[status],
          ({ success: "green", partial: "yellow", skipped: "dim", failed: "red" } as const)[status],
          "bold",
        );
  const facts = [
    outcome,
    ...(summary.slow ? [style("slow", "yellow", "bold")] : []),
    `total ${duration(summary.durationNs)}`,
    `${summary.spanCount} spans`,
    `${summary.errorCount} errors`,
    `trace ${summary.traceId}`,
  ];
  return `${style(printable(summary.ticketId ?? summary.rootOperation), "bold")}  ${facts.join("  ")}`;
}

function spanLine(span: SpanView, name: string, trace: TraceView, style: Paint): string {
  const failed = span.status === "error";
  const mark = failed ? style("✗", "red", "bold") : " ";
  const isBottleneck = trace.bottleneck?.spanId === span.spanId;
  const times = [span.startOffsetNs, span.durationNs, span.selfNs]
    .map((ns) => duration(ns).padStart(9))
    .join(" ");
  const bar = style(barOf(span, trace.summary.durationNs), failed ? "red" : isBottleneck ? "yellow" : "blue");
  return `${mark} ${failed ? style(name, "red") : name} ${times}  ${bar}${isBottleneck ? style(" ← bottleneck", "yellow") : ""}`;
}

function barOf(span: SpanView, totalNs: number): string {
  if (totalNs === 0) return "▏";
  const from = Math.min(barWidth - 1, Math.floor((span.startOffsetNs / totalNs) * barWidth));
  const to = Math.max(
    from + 1,
    Math.min(barWidth, Math.ceil(((span.startOffsetNs + span.durationNs) / totalNs) * barWidth)),
  );
  return `${"·".repeat(from)}${"█".repeat(to - from)}${"·".repeat(barWidth - to)}`;
}

function errorLines(spans: readonly SpanView[], style: Paint): string[] {
  return spans
    .filter((span) => span.status === "error")
    .map((span) => {
      const stored = span.attributes.find(({ key }) => key === "error.message")?.value;
      const message = typeof stored === "string" ? stored : span.statusMessage;
      return style(`  ✗ ${printable(span.name)}: ${printable(message || "failed without a message")}`, "red");
    });
}

function bottleneckLine({ bottleneck }: TraceView, style: Paint): string[] {
  if (bottleneck === null) return [];
  const share = `${duration(bottleneck.selfNs)} = ${Math.round(bottleneck.percent)} % of the trace`;
  return [style(`  bottleneck: ${printable(bottleneck.name)}, ${share}`, "yellow")];
}

/** `850 µs`, `12.3 ms`, `3.05 s`, `2 m 5 s`. */
function duration(ns: number): string {
  if (ns < 1_000) return `${ns} ns`;
  if (ns < 1_000_000) return `${(ns / 1_000).toFixed(0)} µs`;
  if (ns < 1_000_000_000) return `${(ns / 1_000_000).toFixed(1)} ms`;
  if (ns < 60_000_000_000) return `${(ns / 1_000_000_000).toFixed(2)} s`;
  const seconds = Math.round(ns / 1_000_000_000);
  return `${Math.floor(seconds / 60)} m ${seconds % 60} s`;
}

/** Spans come from anybody: what would steer the terminal is shown as a dot. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, "·");
}
