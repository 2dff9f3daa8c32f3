import type { Exemplar, MetricFamily, Sample } from "./text.ts";

/** Values of one label past this many are counted under `other`: a label must never grow with what comes from outside. */
export const labelValueLimit = 200;
const other = "other";

/** Label values by position, as the metric names them. */
type Labels = readonly string[];

/** Adds up; only ever grows. */
export interface Counter {
  add(value: number, ...labels: Labels): void;
}

export interface Histogram {
  /** `traceId`: the trace that shows why, for the bucket's exemplar. */
  observe(value: number, labels: Labels, traceId?: string): void;
}

/** What a part of the program measures. Instruments are made once; figures that stand elsewhere are read when asked for. */
export class Metrics {
  private readonly readers: (() => MetricFamily | Promise<MetricFamily>)[] = [];
  private readonly names = new Set<string>();

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    const series = new Series<number>(labelNames, () => 0);
    this.register(name, () => ({
      name,
      help,
      type: "counter",
      samples: series.map((labels, value) => [{ labels, value }]),
    }));
    // A counter without labels is there from the start: an alert on its rate sees the first event.
    if (labelNames.length === 0) series.update([], (value) => value);
    return { add: (value, ...labels) => series.update(labels, (before) => before + value) };
  }

  histogram(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]): Histogram {
    const series = new Series(labelNames, () => new Distribution(bounds));
    this.register(name, () => ({
      name,
      help,
      type: "histogram",
      samples: series.map((labels, distribution) => distribution.samples(labels)),
    }));
    return {
      observe: (value, labels, traceId) =>
        series.update(labels, (distribution) => distribution.add(value, traceId)),
    };
  }

  /** `read` gives each series' label values and figure at the time of the question; nothing where there is none. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Readings | Promise<Readings>,
  ): void {
    this.register(name, async () => readingsOf(name, help, "gauge", labelNames, await read()));
  }

  /** A count that another part keeps. */
  counted(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Readings | Promise<Readings>,
  ): void {
    this.register(name, async () => readingsOf(name, help, "counter", labelNames, await read()));
  }

  /** A histogram that another part keeps. `counts`: by bucket, not added up, one more than `bounds`. */
  distribution(
    name: string,
    help: string,
    read: () => { bounds: readonly number[]; counts: readonly number[]; sum: number },
  ): void {
    this.register(name, () => {
      const { bounds, counts, sum } = read();
      return { name, help, type: "histogram", samples: bucketSamples([], bounds, counts, sum) };
    });
  }

  /** A part whose figures cannot be read gives none; the others' are there. */
  async collect(onFailure: (error: unknown) => void): Promise<MetricFamily[]> {
    const families = await Promise.all(
      this.readers.map(async (read) => {
        try {
          return await read();
        } catch (error) {
          onFailure(error);
          return undefined;
        }
      }),
    );
    return families.filter((family) => family !== undefined);
  }

  private register(name: string, read: () => MetricFamily | Promise<MetricFamily>): void {
    if (this.names.has(name)) throw new Error(`There is a metric "${name}" already.`);
    this.names.add(name);
    this.readers.push(read);
  }
}

export type Readings = readonly (readonly [labels: Labels, value: number])[];

function readingsOf(
  name: string,
  help: string,
  type: "gauge" | "counter",
  labelNames: readonly string[],
  readings: Readings,
): MetricFamily {
  const samples = readings.map(([labels, value]) => ({ labels: pair(labelNames, labels), value }));
  return { name, help, type, samples };
}

/** The figures of one metric, one for each combination of label values. */
class Series<T> {
  private readonly labelNames: readonly string[];
  private readonly make: () => T;
  private readonly byLabels = new Map<string, { labels: Labels; value: T }>();
  private readonly seen: Set<string>[];

  constructor(labelNames: readonly string[], make: () => T) {
    this.labelNames = labelNames;
    this.make = make;
    this.seen = labelNames.map(() => new Set<string>());
  }

  update(labels: Labels, change: (before: T) => T): void {
    const known = this.byLabels.get(labels.join("\u0000"));
    if (known !== undefined) {
      known.value = change(known.value);
      return;
    }
    const bounded = labels.map((value, at) => this.bound(value, at));
    const key = bounded.join("\u0000");
    const entry = this.byLabels.get(key) ?? { labels: bounded, value: this.make() };
    entry.value = change(entry.value);
    this.byLabels.set(key, entry);
  }

  map(samplesOf: (labels: Sample["labels"], value: T) => Sample[]): Sample[] {
    return Array.from(this.byLabels.values(), ({ labels, value }) =>
      samplesOf(pair(this.labelNames, labels), value),
    ).flat();
  }

  private bound(value: string, at: number): string {
    const seen = this.seen[at];
    if (seen === undefined || seen.has(value)) return value;
    if (seen.size >= labelValueLimit) return other;
    seen.add(value);
    return value;
  }
}

class Distribution {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private readonly exemplars: (Exemplar | undefined)[];
  private sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
    this.exemplars = Array.from({ length: bounds.length + 1 });
  }

  add(value: number, traceId: string | undefined): this {
    const found = this.bounds.findIndex((bound) => value <= bound);
    const at = found === -1 ? this.bounds.length : found;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sum += value;
    if (traceId !== undefined) this.exemplars[at] = { labels: { trace_id: traceId }, value, at: Date.now() };
    return this;
  }

  samples(labels: Sample["labels"]): Sample[] {
    return bucketSamples(labels, this.bounds, this.counts, this.sum, this.exemplars);
  }
}

function bucketSamples(
  labels: Sample["labels"],
  bounds: readonly number[],
  counts: readonly number[],
  sum: number,
  exemplars: readonly (Exemplar | undefined)[] = [],
): Sample[] {
  let below = 0;
  const buckets = counts.map((count, at): Sample => {
    below += count;
    const bound = bounds[at];
    return {
      suffix: "_bucket",
      labels: [...labels, ["le", bound === undefined ? "+Inf" : String(bound)]],
      value: below,
      exemplar: exemplars[at],
    };
  });
  return [...buckets, { suffix: "_sum", labels, value: sum }, { suffix: "_count", labels, value: below }];
}

function pair(names: readonly string[], values: Labels): Sample["labels"] {
  return names.map((name, at) => [name, values[at] ?? ""] as const);
}
