import type { IndexReader, SearchedTable } from "./index-reader.ts";

/** A word in so many rows is common; of common ones the newest rows are looked at. */
export const commonRows = 1_000;

const keptTerms = 200_000;
const keptMs = 10 * 60_000;
const rowsCountedAtMost = 2_000_000;

/**
 * How common words are, remembered for ten minutes: the common ones, which cost most to count, come again with every ticket.
 * A word that stood in no row is asked for each time.
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
    const asked = terms.filter((term) => !this.known.has(`${table}\n${term}`));
    if (asked.length > 0)
      for (const [term, rows] of await reader.count(table, asked, commonRows))
        this.known.set(`${table}\n${term}`, rows);
    return new Map(
      terms.flatMap((term) => {
        const rows = this.known.get(`${table}\n${term}`);
        return rows === undefined ? [] : [[term, rows] as const];
      }),
    );
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
