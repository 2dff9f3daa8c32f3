import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import {
  documentColumns,
  type DocumentRow,
  historyColumns,
  type HistoryRow,
  type IndexReader,
  type SearchedTable,
  type SearchRun,
  startStatement,
  systemColumns,
  type SystemKeys,
  type SystemRow,
} from "./index-reader.ts";

/** The statements of a connection, prepared once. */
export class SqliteStatements {
  private readonly sqlite: DatabaseSync;
  private readonly known = new Map<string, StatementSync>();

  constructor(sqlite: DatabaseSync) {
    this.sqlite = sqlite;
  }

  prepare(text: string): StatementSync {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const statement = this.sqlite.prepare(text);
    this.known.set(text, statement);
    return statement;
  }
}

/** Reads FTS5's term lists: small steps of a millisecond or so, so that a search that is late can stop between two. */
export class SqliteReader implements IndexReader {
  private readonly statements: SqliteStatements;
  private readonly run: SearchRun;

  constructor(statements: SqliteStatements, run: SearchRun) {
    this.statements = statements;
    this.run = run;
  }

  count(table: SearchedTable, terms: readonly string[], most: number): Promise<Map<string, number>> {
    const text = `select count(*) as n from (select 1 from ${table}_terms where ${table}_terms match ? limit ?)`;
    const counts = new Map<string, number>();
    this.span(table, text, () => {
      for (const term of terms) {
        this.run.check();
        const n = Number(this.statements.prepare(text).get(quoted(term), most)?.["n"]);
        if (n > 0) counts.set(term, n);
      }
      return counts.size;
    });
    return Promise.resolve(counts);
  }

  countRows(table: SearchedTable, tenantId: string, most: number): Promise<number> {
    const text = `select count(*) as n from (select 1 from ${table} where tenant_id = ? limit ?)`;
    return Promise.resolve(Number(this.all<{ n: number }>(table, text, tenantId, most)[0]?.n));
  }

  rowsOf(table: SearchedTable, terms: readonly string[], most: number): Promise<Map<string, number[]>> {
    // One text for each term: a row of its own for each number would cost three times as much.
    const text = `select json_group_array(rowid) as rowids
      from (select rowid from ${table}_terms where ${table}_terms match ? order by rowid desc limit ?)`;
    const found = new Map<string, number[]>();
    this.span(table, text, () => {
      let total = 0;
      for (const term of terms) {
        this.run.check();
        const rowids = this.statements.prepare(text).get(quoted(term), most)?.["rowids"];
        const rows = JSON.parse(String(rowids)) as number[];
        total += rows.length;
        found.set(term, rows);
      }
      return total;
    });
    return Promise.resolve(found);
  }

  wordsWith(tenantId: string, parts: readonly string[], most: number): Promise<string[]> {
    const text = `select w.word as word from search_words_trigrams f join search_words w on w.id = f.rowid
      where search_words_trigrams match ? and w.tenant_id = ? limit ?`;
    const rows = this.all<{ word: string }>(
      "search_words",
      text,
      parts.map(trigrams).join(" OR "),
      tenantId,
      most,
    );
    return Promise.resolve(rows.map(({ word }) => word));
  }

  history(tenantId: string, rowids: readonly number[], butNot: string): Promise<HistoryRow[]> {
    const text = `select ${historyColumns} from ticket_history
      where rowid in (select value from json_each(?)) and tenant_id = ? and ticket_id <> ?`;
    return Promise.resolve(this.all("ticket_history", text, JSON.stringify(rowids), tenantId, butNot));
  }

  documents(tenantId: string, rowids: readonly number[]): Promise<DocumentRow[]> {
    const text = `select ${documentColumns} from documents
      where rowid in (select value from json_each(?)) and tenant_id = ?`;
    return Promise.resolve(this.all("documents", text, JSON.stringify(rowids), tenantId));
  }

  systems(tenantId: string, keys: SystemKeys, most: number): Promise<SystemRow[]> {
    const text = [
      "ip_key in (select value from json_each(?2))",
      "cidr in (select value from json_each(?3))",
      "host_key in (select value from json_each(?4))",
      "short_key in (select value from json_each(?4))",
      "asset_key in (select value from json_each(?4))",
    ]
      .map((where) => `select ${systemColumns} from inventory where tenant_id = ?1 and ${where}`)
      .join(" union ");
    const rows = this.all<SystemRow>(
      "inventory",
      `${text} limit ?5`,
      tenantId,
      JSON.stringify(keys.addressKeys),
      JSON.stringify(keys.networks),
      JSON.stringify(keys.names),
      most,
    );
    const within = `select ${systemColumns} from inventory where tenant_id = ? and ip_key between ? and ? order by ip_key limit ?`;
    for (const [first, last] of keys.ranges)
      rows.push(...this.all<SystemRow>("inventory", within, tenantId, first, last, most));
    return Promise.resolve(rows);
  }

  private all<Row>(collection: string, text: string, ...values: SQLInputValue[]): Row[] {
    let rows: Row[] = [];
    this.span(collection, text, () => {
      this.run.check();
      rows = this.statements.prepare(text).all(...values) as Row[];
      return rows.length;
    });
    return rows;
  }

  private span(collection: string, text: string, work: () => number): void {
    const done = startStatement(this.run, collection, text);
    try {
      done({ rows: work() });
    } catch (error) {
      done({ rows: 0, error: String(error) });
      throw error;
    }
  }
}

/** Between quotes nothing is an operator; a term has letters, digits and marks only. */
function quoted(term: string): string {
  return `"${term}"`;
}

/** All trigrams of a part; without positions in the index, whoever asks compares the words themselves. */
function trigrams(part: string): string {
  const signs = Array.from(part);
  const all = signs.slice(0, -2).map((_, at) => quoted(signs.slice(at, at + 3).join("")));
  return `(${all.join(" AND ")})`;
}
