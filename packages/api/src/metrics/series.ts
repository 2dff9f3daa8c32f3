import type { Exemplar, Sample } from "./text.ts";

/** Values of one label past this many are counted under `other`: a label must never grow with what comes from outside. */
export const labelValueLimit = 200;
export const otherLabel = "other";

/** Label values by position, as the metric names them. */
export type Labels = readonly string[];

/** The figures of one metric, one for each combination of label values. */
export class Series<T> {
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
    if (seen.size >= labelValueLimit) return otherLabel;
    seen.add(value);
    return value;
  }
}

export class Distribution {
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

export function bucketSamples(
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

export function pair(names: readonly string[], values: Labels): Sample["labels"] {
  return names.map((name, at) => [name, values[at] ?? ""] as const);
}
