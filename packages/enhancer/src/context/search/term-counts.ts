import type { IndexReader, SearchedTable } from "./index-reader.ts";

/** A word in so many rows is common; of common ones the newest rows are looked at. */
export const commonRows = 1_000;

/** Fewer rows are counted at once, and a few more of them change what a word is worth. */
const rememberedFrom = 200;
const keptTerms = 200_000;
const keptMs = 10 * 60_000;
const rowsCountedAtMost = 2_000_000;

/**
 * How common words are, remembered for ten minutes: the common ones, which cost most to count, come again with every ticket.
 */
export class TermCounts {
  private readonly known = new Map<string, number>();
  private readonly totals = new Map<string, number>();
  private since = Date.now();

  async rowsOf(
    reader: IndexReader,
    table: SearchedTable,
    terms: readonly string[],
  ): Promise<Map<string, number>> {
    this.forgetOld();
    const counts = new Map<string, number>();
    const asked: string[] = [];
    for (const term of terms) {
      const rows = this.known.get(`${table}\n${term}`);
      if (rows === undefined) asked.push(term);
      else counts.set(term, rows);
    }
    if (asked.length === 0) return counts;
    for (const [term, rows] of await reader.count(table, asked, commonRows)) {
      counts.set(term, rows);
      if (rows >= rememberedFrom) this.known.set(`${table}\n${term}`, rows);
    }
    return counts;
  }

  async rowsOfTenant(reader: IndexReader, table: SearchedTable, tenantId: string): Promise<number> {
    this.forgetOld();
    const known = this.totals.get(`${table}\n${tenantId}`);
    if (known !== undefined) return known;
    const total = await reader.countRows(table, tenantId, rowsCountedAtMost);
    // A tenant that has few gets more soon; one that has none may have some a moment later.
    if (total >= commonRows) this.totals.set(`${table}\n${tenantId}`, total);
    return total;
  }

  private forgetOld(): void {
    if (Date.now() - this.since < keptMs && this.known.size < keptTerms) return;
    this.known.clear();
    this.totals.clear();
    this.since = Date.now();
  }
}
