import type { Line } from "./lines.ts";

/** A record of a CSV file (RFC 4180) and the line it ends on; `problem` says why there are no fields. */
export type CsvRecord = { line: number } & ({ fields: string[] } | { problem: string });

const recordLimitChars = 1024 * 1024;
const quoteProblem = "has a quote that does not close";
export const lengthProblem = "is over 1 MiB";

/**
 * Records of lines. Quoted fields may hold line ends (kept as LF), doubled quotes and delimiters; a quote inside an unquoted field is text.
 * The first record is the header: the delimiter is what it has most of among `,` `;` and tab, and each later record has as many fields.
 * One broken quote costs its own line: reading goes on at the line after it.
 */
export async function* readCsv(lines: AsyncIterable<Line>): AsyncGenerator<CsvRecord> {
  const source = new LineSource(lines);
  let delimiter: string | undefined;
  let width = 0;
  for (let first = await source.next(); first !== undefined; first = await source.next()) {
    if (first.text === undefined) {
      yield { line: first.number, problem: lengthProblem };
      continue;
    }
    if (first.text.trim() === "") continue;
    delimiter ??= delimiterOf(first.text);
    const { fields, last, taken } = await readRecord(source, first, first.text, delimiter);
    if (width === 0 && fields !== undefined) width = fields.length;
    if (fields?.length === width) {
      yield { line: last, fields };
      continue;
    }
    // Several lines that make no whole record: a quote in the first one went astray, the others are records again.
    source.giveBack(taken);
    const problem =
      fields === undefined ? quoteProblem : `has ${fields.length} columns, the header has ${width}`;
    yield {
      line: first.number,
      problem: taken.length > 0 && fields !== undefined ? `${problem}: perhaps a quote too many` : problem,
    };
  }
}

/** Joins lines until the quotes close; `fields` is undefined where they never do. */
async function readRecord(source: LineSource, first: Line, text: string, delimiter: string) {
  const taken: Line[] = [];
  const record = new PartialRecord(delimiter);
  let isOpen = record.add(text);
  while (isOpen && record.length < recordLimitChars) {
    const next = await source.next();
    if (next === undefined) break;
    taken.push(next);
    if (next.text === undefined) break;
    isOpen = record.add(`\n${next.text}`);
  }
  const last = taken.at(-1)?.number ?? first.number;
  return { fields: isOpen ? undefined : record.fields, taken, last };
}

/** A record that grows line by line; each character is looked at once. */
class PartialRecord {
  readonly fields: string[] = [];
  length = 0;
  private readonly delimiter: string;
  /** Pieces of the quoted field that is open. */
  private open: string[] | undefined;

  constructor(delimiter: string) {
    this.delimiter = delimiter;
  }

  /** Says whether a quoted field is open at the end. */
  add(piece: string): boolean {
    this.length += piece.length;
    let at = this.open === undefined ? this.startField(piece, 0) : 0;
    for (;;) {
      let quoted = "";
      if (this.open !== undefined) {
        const end = closingQuote(piece, at);
        this.open.push(piece.slice(at, end === -1 ? undefined : end));
        if (end === -1) return true;
        quoted = this.open.join("").replaceAll('""', '"');
        this.open = undefined;
        at = end + 1;
      }
      const end = piece.indexOf(this.delimiter, at);
      this.fields.push(quoted + piece.slice(at, end === -1 ? undefined : end));
      if (end === -1) return false;
      at = this.startField(piece, end + 1);
    }
  }

  private startField(piece: string, at: number): number {
    if (piece[at] !== '"') return at;
    this.open = [];
    return at + 1;
  }
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at !== -1 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

function delimiterOf(header: string): string {
  const [best = ","] = [",", ";", "\t"].sort((a, b) => header.split(b).length - header.split(a).length);
  return best;
}

/** Lines one by one, of which some may be read again. */
class LineSource {
  private readonly lines: AsyncIterator<Line>;
  private readonly again: Line[] = [];

  constructor(lines: AsyncIterable<Line>) {
    this.lines = lines[Symbol.asyncIterator]();
  }

  async next(): Promise<Line | undefined> {
    const known = this.again.pop();
    if (known !== undefined) return known;
    const next = await this.lines.next();
    return next.done === true ? undefined : next.value;
  }

  giveBack(lines: readonly Line[]): void {
    for (let at = lines.length - 1; at >= 0; at--) this.again.push(lines[at] as Line);
  }
}
