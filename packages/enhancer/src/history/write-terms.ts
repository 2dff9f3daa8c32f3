import { sql } from "kysely";
import { rememberingStemmer } from "../context/words/analyse.ts";
import { indexedText, termPrefix } from "../context/words/stored-terms.ts";
import { isPostgres } from "../database/dialect.ts";
import type { EnhancerDatabase } from "../database/schema.ts";

/** SQLite takes 32,766 parameters a statement. */
const wordsPerStatement = 5_000;

export interface StoredText {
  rowid: number;
  /** All that is searched of the row. */
  texts: readonly string[];
}

/** Indexes rows of one tenant that were just stored, within their transaction. */
export async function writeTerms(
  transaction: EnhancerDatabase,
  table: "ticket_history" | "documents",
  tenantId: string,
  rows: readonly StoredText[],
): Promise<void> {
  if (rows.length === 0) return;
  const stem = rememberingStemmer();
  const prefix = termPrefix(tenantId);
  const indexed = rows.map(({ rowid, texts }) => ({ rowid, ...indexedText(tenantId, texts, stem, prefix) }));
  const target = sql.table(`${table}_terms`);
  if (isPostgres(transaction)) {
    const entries = JSON.stringify(indexed.map(({ rowid, terms }) => ({ rowid, terms })));
    await sql`
      insert into ${target} (rowid, terms)
      select (e->>'rowid')::bigint, array_to_tsvector(array(select jsonb_array_elements_text(e->'terms')))
      from jsonb_array_elements(${entries}::jsonb) e
      on conflict (rowid) do update set terms = excluded.terms, filler = excluded.filler`.execute(
      transaction,
    );
  } else {
    for (const { rowid, terms } of indexed)
      await sql`insert or replace into ${target} (rowid, terms) values (${rowid}, ${terms.join(" ")})`.execute(
        transaction,
      );
  }
  await addWords(transaction, tenantId, [...new Set(indexed.flatMap(({ words }) => words))]);
}

/** In the order of the words, so that two imports never wait for each other in a circle. */
async function addWords(transaction: EnhancerDatabase, tenantId: string, words: string[]): Promise<void> {
  const sorted = words.sort();
  for (let at = 0; at < sorted.length; at += wordsPerStatement) {
    const part = JSON.stringify(sorted.slice(at, at + wordsPerStatement));
    const listed = isPostgres(transaction)
      ? sql`select ${tenantId}, value from jsonb_array_elements_text(${part}::jsonb) as listed (value)
          where not exists (select 1 from search_words k where k.tenant_id = ${tenantId} and k.word = value)
          order by value`
      : sql`select ${tenantId}, value from json_each(${part}) where true`;
    await sql`insert into search_words (tenant_id, word) ${listed} on conflict do nothing`.execute(
      transaction,
    );
  }
}

/** Whatever was found for the tenant before is found anew. */
export async function contextChanged(transaction: EnhancerDatabase, tenantId: string): Promise<void> {
  // From the clock: a tenant that was removed and made anew never meets a version of its life before.
  const now = Date.now();
  await transaction
    .insertInto("context_state")
    .values({ tenant_id: tenantId, version: now })
    .onConflict((conflict) =>
      conflict.column("tenant_id").doUpdateSet({
        version: sql`case when context_state.version < ${now} then ${now} else context_state.version + 1 end`,
      }),
    )
    .execute();
}

/**
 * Many rows are new: PostgreSQL's statistics name the common words, which searches need not count then, and pages that are known to be
 * visible to all need not be read to count the others.
 */
export async function refreshStatistics(database: EnhancerDatabase): Promise<void> {
  if (isPostgres(database))
    await sql`vacuum (analyze) ticket_history_terms, documents_terms`.execute(database);
}
