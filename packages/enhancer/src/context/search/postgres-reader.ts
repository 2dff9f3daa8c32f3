import type { PoolClient } from "pg";
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

/** Terms that the planner's statistics name as the most common ones, each with about how many rows: counting them costs most. */
export type CommonTerms = Readonly<Record<SearchedTable, ReadonlyMap<string, number>>>;

/** Reads tsvector's and pg_trgm's GIN indexes. */
export class PostgresReader implements IndexReader {
  private readonly client: PoolClient;
  private readonly run: SearchRun;
  private readonly common: CommonTerms;

  constructor(client: PoolClient, run: SearchRun, common: CommonTerms) {
    this.client = client;
    this.run = run;
    this.common = common;
  }

  async count(table: SearchedTable, terms: readonly string[], most: number): Promise<Map<string, number>> {
    const common = this.common[table];
    const rare = terms.filter((term) => !common.has(term));
    const rows = await this.all<{ term: string; n: number }>(
      table,
      `select t.term, (
        select count(*) from (select 1 from ${table}_terms where terms @@ t.query limit $2) found
      ) as n from (select term, ('''' || term || '''')::tsquery as query from unnest($1::text[]) as asked (term)) t`,
      [rare, most],
    );
    const found = rows.filter(({ n }) => n > 0).map(({ term, n }) => [term, n] as const);
    const known = terms.flatMap((term) => {
      const n = common.get(term);
      return n === undefined ? [] : [[term, n] as const];
    });
    return new Map([...found, ...known]);
  }

  async countRows(table: SearchedTable, tenantId: string, most: number): Promise<number> {
    const text = `select count(*) as n from (select 1 from ${table} where tenant_id = $1 limit $2) found`;
    return (await this.all<{ n: number }>(table, text, [tenantId, most]))[0]?.n ?? 0;
  }

  async rowsOf(table: SearchedTable, terms: readonly string[], most: number): Promise<Map<string, number[]>> {
    const rows = await this.all<{ term: string; rowids: number[] }>(
      table,
      `select t.term, array(
        select rowid from (select rowid from ${table}_terms where terms @@ t.query offset 0) found
        order by rowid desc limit $2
      ) as rowids from (select term, ('''' || term || '''')::tsquery as query from unnest($1::text[]) as asked (term)) t`,
      [terms, most],
    );
    return new Map(rows.map(({ term, rowids }) => [term, rowids]));
  }

  async wordsWith(tenantId: string, parts: readonly string[], most: number): Promise<string[]> {
    const text = `select word from search_words where word like any ($1::text[]) and tenant_id = $2 limit $3`;
    const patterns = parts.map((part) => `%${part.replace(/[\\%_]/g, "\\$&")}%`);
    return (await this.all<{ word: string }>("search_words", text, [patterns, tenantId, most])).map(
      ({ word }) => word,
    );
  }

  history(tenantId: string, rowids: readonly number[], butNot: string): Promise<HistoryRow[]> {
    const text = `select ${historyColumns} from ticket_history
      where rowid = any ($1::bigint[]) and tenant_id = $2 and ticket_id <> $3`;
    return this.all("ticket_history", text, [rowids, tenantId, butNot]);
  }

  documents(tenantId: string, rowids: readonly number[]): Promise<DocumentRow[]> {
    const text = `select ${documentColumns} from documents
      where rowid = any ($1::bigint[]) and tenant_id = $2`;
    return this.all("documents", text, [rowids, tenantId]);
  }

  async systems(tenantId: string, keys: SystemKeys, most: number): Promise<SystemRow[]> {
    const rows = await this.all<SystemRow>(
      "inventory",
      `select ${systemColumns} from inventory where tenant_id = $1 and (ip_key = any ($2::text[]) or cidr = any ($3::text[])
        or host_key = any ($4::text[]) or short_key = any ($4::text[]) or asset_key = any ($4::text[])) limit $5`,
      [tenantId, keys.addressKeys, keys.networks, keys.names, most],
    );
    const within = `select ${systemColumns} from inventory where tenant_id = $1 and ip_key collate "C" between $2 and $3
      order by ip_key collate "C" limit $4`;
    for (const [first, last] of keys.ranges)
      rows.push(...(await this.all<SystemRow>("inventory", within, [tenantId, first, last, most])));
    return rows;
  }

  private async all<Row extends object>(
    collection: string,
    text: string,
    values: readonly unknown[],
  ): Promise<Row[]> {
    this.run.check();
    const done = startStatement(this.run, collection, text);
    try {
      const { rows } = await this.client.query<Row>({ text, values: [...values] });
      done({ rows: rows.length });
      this.run.check();
      return rows;
    } catch (error) {
      done({ rows: 0, error: String(error) });
      throw error;
    }
  }
}

/** Reads what ANALYZE found: of a shared table that is small this is nothing, and counting is cheap. */
export async function readCommonTerms(client: PoolClient, most: number): Promise<CommonTerms> {
  const { rows } = await client.query<{ tablename: string; term: string; n: number }>({
    text: `select s.tablename, e.term, round(e.share * c.reltuples)::int as n from pg_stats s
      join pg_class c on c.relname = s.tablename and c.relnamespace = s.schemaname::regnamespace,
      unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) as e (term, share)
      where s.tablename in ('ticket_history_terms', 'documents_terms') and s.attname = 'terms'
        and s.schemaname = any (current_schemas(false)) and e.term is not null and e.share * c.reltuples >= $1`,
    values: [most],
  });
  const of = (table: SearchedTable) =>
    new Map(rows.filter(({ tablename }) => tablename === `${table}_terms`).map(({ term, n }) => [term, n]));
  return { ticket_history: of("ticket_history"), documents: of("documents") };
}
