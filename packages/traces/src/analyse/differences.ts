import type { TraceDifferences } from "@throughline/api";
import { type KeyValue, type ResourceRecord, serviceName, type SpanRecord } from "../model.ts";
import { scalarText } from "./attributes.ts";
import { quantile } from "./call-structure.ts";
import { extent } from "./timing.ts";

/** A longer value is no label that traces share. */
const valueAtMost = 200;
const pairsAtMost = 100_000;
/** A key whose values are nearly as many as its traces is an id: it tells each trace from all others, and so says nothing. */
const idShare = 0.9;
const idTracesAtLeast = 10;
/** Less is noise. */
const leastDifference = 0.01;
/** Of which a slow trace is among the slowest tenth, unless a bound is named. */
const slowShare = 0.9;

type Difference = TraceDifferences["attributes"][number];

export type Selection = { kind: "error" } | { kind: "slow"; slowerThanNs: number | undefined };

interface Trace {
  durationNs: number;
  hasError: boolean;
  pairs: ReadonlySet<number>;
}

/** Finds what the attributes of selected traces have that the rest have not. */
export class Differences {
  private readonly numbers = new Map<string, number>();
  private readonly pairs: { key: string; value: string }[] = [];
  private readonly traces: Trace[] = [];
  private spans = 0;
  private isCut = false;

  add(trace: readonly SpanRecord[]): void {
    const pairs = new Set<number>();
    const resources = new Set<ResourceRecord>();
    const attributes = new Set<KeyValue>();
    for (const span of trace) {
      this.put(pairs, ":name", span.name);
      if (span.statusMessage !== "") this.put(pairs, ":statusMessage", span.statusMessage);
      for (const attribute of span.attributes) attributes.add(attribute);
      if (resources.has(span.resource)) continue;
      resources.add(span.resource);
      this.put(pairs, ":service", serviceName(span.resource));
      for (const attribute of span.resource.attributes) attributes.add(attribute);
    }
    for (const { key, value } of attributes) {
      const text = scalarText(value);
      if (text !== undefined) this.put(pairs, key, text);
    }
    const { start, end } = extent(trace);
    this.spans += trace.length;
    this.traces.push({
      durationNs: Number(end - start),
      hasError: trace.some(({ statusCode }) => statusCode === 2),
      pairs,
    });
  }

  /** The `most` that tell most. */
  result(selection: Selection, most: number, isPartial: boolean): TraceDifferences {
    const slowerThanNs = selection.kind === "slow" ? (selection.slowerThanNs ?? this.slowest()) : null;
    const isSelected = ({ durationNs, hasError }: Trace): boolean =>
      slowerThanNs === null ? hasError : durationNs >= slowerThanNs;
    const inSelected = new Uint32Array(this.pairs.length);
    const inRest = new Uint32Array(this.pairs.length);
    let selected = 0;
    for (const trace of this.traces) {
      const counts = isSelected(trace) ? inSelected : inRest;
      if (counts === inSelected) selected++;
      for (const pair of trace.pairs) counts[pair] = (counts[pair] ?? 0) + 1;
    }
    const rest = this.traces.length - selected;
    const ids = this.idKeys(inSelected, inRest);
    const attributes = this.pairs
      .map(({ key, value }, pair) => {
        const [ofSelected, ofRest] = [inSelected[pair] ?? 0, inRest[pair] ?? 0];
        return {
          key,
          value,
          selected: ofSelected,
          rest: ofRest,
          selectedShare: selected === 0 ? 0 : ofSelected / selected,
          restShare: rest === 0 ? 0 : ofRest / rest,
        };
      })
      .filter((one) => !ids.has(one.key) && distance(one) >= leastDifference)
      .sort(mostTelling)
      .slice(0, most);
    return {
      selected,
      rest,
      spans: this.spans,
      isPartial: isPartial || this.isCut,
      slowerThanNs,
      // Without either there is nothing to compare.
      attributes: selected === 0 || rest === 0 ? [] : attributes,
    };
  }

  private slowest(): number {
    const sorted = this.traces.map(({ durationNs }) => durationNs).sort((a, b) => a - b);
    return quantile(sorted, slowShare) ?? 0;
  }

  private idKeys(inSelected: Uint32Array, inRest: Uint32Array): Set<string> {
    const keys = new Map<string, { values: number; traces: number }>();
    this.pairs.forEach(({ key }, pair) => {
      const known = keys.get(key) ?? { values: 0, traces: 0 };
      keys.set(key, known);
      known.values++;
      known.traces += (inSelected[pair] ?? 0) + (inRest[pair] ?? 0);
    });
    const ids = new Set<string>();
    for (const [key, { values, traces }] of keys)
      if (traces >= idTracesAtLeast && values > traces * idShare) ids.add(key);
    return ids;
  }

  private put(pairs: Set<number>, key: string, value: string): void {
    if (value.length > valueAtMost) return;
    const name = `${key.length} ${key}${value}`;
    let number = this.numbers.get(name);
    if (number === undefined) {
      if (this.pairs.length >= pairsAtMost) {
        this.isCut = true;
        return;
      }
      number = this.pairs.push({ key, value }) - 1;
      this.numbers.set(name, number);
    }
    pairs.add(number);
  }
}

/** Of equal ones first what the selection has, then what it lacks. */
function mostTelling(a: Difference, b: Difference): number {
  const order = distance(b) - distance(a) || b.selectedShare - a.selectedShare;
  if (order !== 0) return order;
  return a.key === b.key ? (a.value < b.value ? -1 : 1) : a.key < b.key ? -1 : 1;
}

function distance(one: { selectedShare: number; restShare: number }): number {
  return Math.abs(one.selectedShare - one.restShare);
}
