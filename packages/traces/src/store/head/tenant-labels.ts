import { startOf } from "./entries.ts";
import type { HeadReader } from "./head-reader.ts";
import { place } from "./layout.ts";
import { ownersOf } from "./owners.ts";
import { valueText } from "./value-bytes.ts";

/** Under this key a span, or its resource, says whose it is. That counts where its sender is bound to no tenant itself. */
export const tenantKey = "tenant.id";
/** Stands for several tenants. */
export const severalTenants = -1;

/** Two labels of one trace: 0 is none. */
export function mergeLabels(a: number, b: number): number {
  if (a === 0 || a === b) return b;
  return b === 0 ? a : severalTenants;
}

/** Which tenants the spans of a head name. A label is the number of its text, from 1. */
export class HeadLabels {
  readonly texts: string[] = [];
  private readonly numbers = new Map<string, number>();
  private readonly reader: HeadReader;
  /** By pair: every attribute of every span is looked at. */
  private readonly ofPair: Int32Array;
  private readonly ofOrigin: Int32Array;
  private readonly isBound: Int32Array;
  private readonly ofSpans: boolean;

  constructor(reader: HeadReader) {
    this.reader = reader;
    const { columns, counts } = reader;
    this.ofPair = new Int32Array(counts.pairs);
    const spanPairs = this.readPairs(place.span);
    this.ofSpans = spanPairs > 0;
    const resourcePairs = this.readPairs(place.resource);
    this.isBound = ownersOf(columns, counts);
    this.ofOrigin = new Int32Array(counts.origins);
    if (resourcePairs === 0) return;
    for (let origin = 0; origin < counts.origins; origin++) {
      const words = reader.wordsOf(columns.originWords[origin * 4] ?? 0);
      // The word before the attributes counts what was dropped.
      for (let word = 1; word < words.length; word++)
        this.ofOrigin[origin] = mergeLabels(this.ofOrigin[origin] ?? 0, this.ofPair[words[word] ?? 0] ?? 0);
    }
  }

  /** Whether any row may have one. */
  get isEmpty(): boolean {
    return this.texts.length === 0;
  }

  /** The label of a row, 0 where it has none or its sender is bound to a tenant. */
  of(row: number): number {
    const { columns } = this.reader;
    const origin = columns.origin[row] ?? 0;
    if (this.isBound[origin] !== 0) return 0;
    let label = this.ofOrigin[origin] ?? 0;
    if (!this.ofSpans) return label;
    const { attrs, attrEnd } = columns;
    for (let at = startOf(attrEnd, row); at < (attrEnd[row] ?? 0); at++) {
      const own = this.ofPair[attrs[at] ?? 0] ?? 0;
      if (own !== 0) label = mergeLabels(label, own);
    }
    return label;
  }

  /** How many pairs name a tenant at this place. */
  private readPairs(at: number): number {
    const { columns, counts } = this.reader;
    let found = 0;
    for (let column = 0; column < counts.columns; column++) {
      if (columns.columnPlace[column] !== at || this.reader.key(column) !== tenantKey) continue;
      for (let pair = 1; pair < counts.pairs; pair++) {
        if (columns.pairColumn[pair] !== column) continue;
        const text = valueText(
          columns.valueBytes,
          startOf(columns.pairEnd, pair),
          columns.pairEnd[pair] ?? 0,
        );
        const number = this.numbers.get(text) ?? this.texts.push(text);
        this.numbers.set(text, number);
        this.ofPair[pair] = number;
        found++;
      }
    }
    return found;
  }
}
