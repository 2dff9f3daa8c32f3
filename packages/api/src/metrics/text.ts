/**
 * The two text formats of metrics: Prometheus' 0.0.4 and OpenMetrics 1.0.0
 * (https://prometheus.io/docs/specs/om/open_metrics_spec/). Only the second has exemplars.
 */

type MetricType = "counter" | "gauge" | "histogram";

export interface Exemplar {
  labels: Readonly<Record<string, string>>;
  value: number;
  /** Milliseconds since the epoch. */
  at: number;
}

export interface Sample {
  /** `_bucket`, `_sum`, `_count` of a histogram. */
  suffix?: string;
  labels: readonly (readonly [name: string, value: string])[];
  value: number;
  exemplar?: Exemplar | undefined;
}

export interface MetricFamily {
  /** As Prometheus shows it: a counter's ends in `_total`. */
  name: string;
  help: string;
  type: MetricType;
  samples: readonly Sample[];
}

export interface MetricsFormat {
  contentType: string;
  isOpenMetrics: boolean;
}

const prometheusText: MetricsFormat = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  isOpenMetrics: false,
};
const openMetricsText: MetricsFormat = {
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  isOpenMetrics: true,
};

/** By the `Accept` header of a scraper; whoever asks for nothing special gets Prometheus' own format. */
export function metricsFormat(accept: string | undefined): MetricsFormat {
  return accept?.includes("application/openmetrics-text") === true ? openMetricsText : prometheusText;
}

export function metricsText(families: readonly MetricFamily[], { isOpenMetrics }: MetricsFormat): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of families) {
    // OpenMetrics names a counter's family without the suffix that its samples carry.
    const family = isOpenMetrics && type === "counter" ? name.replace(/_total$/, "") : name;
    lines.push(
      `# HELP ${family} ${escape(help, isOpenMetrics)}`,
      `# TYPE ${family} ${type}`,
      ...samples.map((sample) => line(name, sample, isOpenMetrics)),
    );
  }
  if (isOpenMetrics) lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

function line(
  name: string,
  { suffix = "", labels, value, exemplar }: Sample,
  isOpenMetrics: boolean,
): string {
  const text = `${name}${suffix}${labelText(isOpenMetrics ? labels.map(canonical) : labels)} ${numberText(value)}`;
  if (!isOpenMetrics || exemplar === undefined) return text;
  const { labels: pairs, value: seen, at } = exemplar;
  return `${text} # {${pairText(Object.entries(pairs))}} ${numberText(seen)} ${(at / 1_000).toFixed(3)}`;
}

/** OpenMetrics writes the bound of a bucket as a float: `60.0`. */
function canonical([name, value]: Sample["labels"][number]): Sample["labels"][number] {
  return [name, name === "le" && /^\d+$/.test(value) ? `${value}.0` : value];
}

/** A label without a value is no label. */
function labelText(labels: Sample["labels"]): string {
  const given = labels.filter(([, value]) => value !== "");
  return given.length === 0 ? "" : `{${pairText(given)}}`;
}

function pairText(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${name}="${escape(value, true)}"`).join(",");
}

function escape(text: string, quotes: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return quotes ? escaped.replaceAll('"', '\\"') : escaped;
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
