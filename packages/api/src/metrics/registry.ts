import { bucketSamples, Distribution, type Labels, pair, Series } from "./series.ts";
import type { MetricFamily } from "./text.ts";

/** Adds up; only ever grows. */
export interface Counter {
  add(value: number, ...labels: Labels): void;
}

export interface Histogram {
  /** `traceId`: the trace that shows why, for the bucket's exemplar. */
  observe(value: number, labels: Labels, traceId?: string): void;
}

/** What a part of the program measures. Parts that count the same thing share the instrument; figures that stand elsewhere are read when asked for. */
export class Metrics {
  private readonly readers: (() => MetricFamily | Promise<MetricFamily>)[] = [];
  private readonly names = new Set<string>();
  private readonly shared = new Map<string, { shape: string; instrument: Counter | Histogram }>();

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return this.once(name, ["counter", help, labelNames], () => {
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
    });
  }

  histogram(name: string, help: string, labelNames: readonly string[], bounds: readonly number[]): Histogram {
    return this.once(name, ["histogram", help, labelNames, bounds], () => {
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
    });
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

  /** The instrument of this name, where it was asked for in the same words before. */
  private once<T extends Counter | Histogram>(name: string, words: readonly unknown[], make: () => T): T {
    const shape = JSON.stringify(words);
    const known = this.shared.get(name);
    // One shape has one kind of instrument.
    if (known?.shape === shape) return known.instrument as T;
    const instrument = make();
    this.shared.set(name, { shape, instrument });
    return instrument;
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
