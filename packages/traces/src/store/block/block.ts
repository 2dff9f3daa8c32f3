import { hashTraceId } from "../hash.ts";
import type { TraceKey } from "../search/segment.ts";
import { mayContain } from "./bloom.ts";
import { type BlockDictionary, readDictionary } from "./dictionary.ts";
import type { BlockFile } from "./block-file.ts";
import { type ByteReader, DamagedBlockError, type Vector } from "./bytes.ts";
import type { Directory } from "./format.ts";
import type { Lru } from "./lru.ts";
import { BlockPage } from "./page.ts";
import { type PageValues, readPageValues } from "./page-table.ts";
import { fromDeltas, readPlanes } from "./planes.ts";
import { readRollup, type Rollup } from "./rollup.ts";
import { readLabels, type TraceLabels } from "./trace-labels.ts";

/** What a page-wise column says of one page. */
interface ColumnIndex {
  bloom: Buffer;
  smallest: number;
  largest: number;
}

/** By column, by page. */
type Blooms = Map<number, Map<number, ColumnIndex>>;

interface TraceTable {
  firstRow: Int32Array;
  starts: Uint32Array;
  durations: Uint32Array;
  facts: Vector;
  /** undefined in blocks of before they were written down. */
  tenants: TraceLabels | undefined;
}

interface TraceIds {
  sorted: Buffer;
  order: Vector;
}

/** Decoded parts of all blocks, by weight in bytes: of blocks as a whole, which nearly every query asks for, and of pages, of which most are asked for once. */
export interface BlockCaches {
  parts: Lru<string, unknown>;
  pages: Lru<string, unknown>;
}

/** A part of a block cannot be read; `cause` is a DamagedBlockError, a BlockGoneError or the file system's error. */
export class BlockFailure extends Error {
  override readonly name = "BlockFailure";
  readonly block: number;

  constructor(block: number, cause: unknown) {
    super(`block ${block}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.block = block;
  }
}

/** A sealed block: its trace filter in memory, everything else read when asked for and remembered while there is room. */
export class Block {
  readonly id: number;
  readonly directory: Directory;
  private readonly file: BlockFile;
  private readonly caches: BlockCaches;
  private readonly bloom: Buffer;

  constructor(id: number, file: BlockFile, caches: BlockCaches) {
    this.id = id;
    this.file = file;
    this.directory = file.directory;
    this.caches = caches;
    this.bloom = Buffer.from(file.part(file.directory.parts.traceBloom));
  }

  mayHaveTrace({ words }: TraceKey): boolean {
    return mayContain(this.bloom, hashTraceId(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0));
  }

  /** Where a trace stands in the block's order; -1 where it does not. */
  findTrace({ bytes }: TraceKey): number {
    const { sorted, order } = this.traceIds();
    let from = 0;
    let to = this.directory.traces;
    while (from < to) {
      const middle = (from + to) >> 1;
      const compared = sorted.compare(bytes, 0, 16, middle * 16, middle * 16 + 16);
      if (compared === 0) return order.get(middle);
      if (compared < 0) from = middle + 1;
      else to = middle;
    }
    return -1;
  }

  /** Ids by place in the block's order. */
  traceId(trace: number): string {
    const { sorted } = this.traceIds();
    const at = this.places()[trace] ?? 0;
    return sorted.toString("hex", at * 16, at * 16 + 16);
  }

  /** As `TraceKey.words`. */
  traceWords(trace: number, into: Uint32Array): void {
    const { sorted } = this.traceIds();
    const at = (this.places()[trace] ?? 0) * 16;
    for (let word = 0; word < 4; word++) into[word] = sorted.readUInt32LE(at + word * 4);
  }

  /** What was made of the block, as long as there is room to remember it. */
  remembered<T>(name: string, weight: number, make: () => T): T {
    return this.once(name, weight, make);
  }

  dictionary(): BlockDictionary {
    const ref = this.directory.parts.dictionary;
    return this.once("dictionary", (ref.raw || ref.stored) * 4, () => readDictionary(this.file.reader(ref)));
  }

  blooms(): Blooms {
    const ref = this.directory.parts.blooms;
    return this.once("blooms", ref.raw || ref.stored, () => readBlooms(this.file.reader(ref)));
  }

  rollup(): Rollup {
    const ref = this.directory.parts.rollup;
    return this.once("rollup", (ref.raw || ref.stored) * 4, () =>
      readRollup(this.file.reader(ref), this.file.version),
    );
  }

  traceTable(): TraceTable {
    const { parts, traces } = this.directory;
    return this.once("traces", traces * 24, () => {
      const reader = this.file.reader(parts.traceFacts);
      const lengths = reader.vector(traces);
      const firstRow = new Int32Array(traces + 1);
      for (let trace = 0; trace < traces; trace++)
        firstRow[trace + 1] = (firstRow[trace] ?? 0) + lengths.get(trace);
      const low = reader.u32();
      const high = reader.u32();
      const starts = readPlanes(traces, reader, reader);
      fromDeltas(starts, traces, low, high);
      const durations = readPlanes(traces, reader, reader);
      const facts = reader.vector(traces);
      return { firstRow, starts, durations, facts, tenants: readLabels(reader, traces) };
    });
  }

  page(number: number): BlockPage {
    const page = this.directory.pages[number];
    if (page === undefined) throw new BlockFailure(this.id, new DamagedBlockError("no such page"));
    const weight = page.rows * 40 + page.noisy.stored + page.packed.raw;
    const read = (): BlockPage => {
      const packed = this.file.reader(page.packed);
      const noisy = this.file.reader(page.noisy);
      return new BlockPage(page.rows, packed, noisy, this.dictionary(), () => this.pageValues(number));
    };
    return this.once(`page ${number}`, weight, read, this.caches.pages);
  }

  /** The values of a page by column, for those columns that have a dictionary on each page: to look one up, no more of the page is needed. */
  pageValues(number: number): Map<number, PageValues> {
    const page = this.directory.pages[number];
    if (page === undefined) throw new BlockFailure(this.id, new DamagedBlockError("no such page"));
    const read = (): Map<number, PageValues> => readPageValues(this.file.part(page.values));
    return this.once(`values ${number}`, page.values.raw || page.values.stored, read, this.caches.pages);
  }

  /** Reads every part and checks it. Throws DamagedBlockError. */
  verify(): void {
    const { parts, pages } = this.directory;
    for (const ref of Object.values(parts)) this.file.part(ref);
    for (const page of pages)
      for (const part of ["packed", "noisy", "values"] as const) this.file.part(page[part]);
  }

  private traceIds(): TraceIds {
    const { parts, traces } = this.directory;
    return this.once("ids", traces * 18, () => {
      const reader = this.file.reader(parts.traceIds);
      return { sorted: reader.raw(traces * 16), order: reader.vector(traces) };
    });
  }

  /** By place in the block's order: where the id stands among the sorted. */
  private places(): Int32Array {
    const { traces } = this.directory;
    return this.once("places", traces * 4, () => {
      const { order } = this.traceIds();
      const places = new Int32Array(traces);
      for (let at = 0; at < traces; at++) places[order.get(at)] = at;
      return places;
    });
  }

  private once<T>(name: string, weight: number, read: () => T, cache = this.caches.parts): T {
    const key = `${this.id} ${name}`;
    const known = cache.get(key);
    if (known !== undefined) return known as T;
    const made = this.reading(read);
    cache.set(key, made, weight);
    return made;
  }

  private reading<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      // One part may need another.
      throw cause instanceof BlockFailure ? cause : new BlockFailure(this.id, cause);
    }
  }
}

function readBlooms(reader: ByteReader): Blooms {
  const blooms: Blooms = new Map();
  for (let left = reader.varint(); left > 0; left--) {
    const column = reader.varint();
    const pages = new Map<number, ColumnIndex>();
    for (let leftPages = reader.varint(); leftPages > 0; leftPages--) {
      const page = reader.varint();
      const smallest = reader.f64();
      const largest = reader.f64();
      pages.set(page, { smallest, largest, bloom: reader.block() });
    }
    blooms.set(column, pages);
  }
  return blooms;
}
