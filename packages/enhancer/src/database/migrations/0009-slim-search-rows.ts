import type { Migration } from "./migration.ts";

/**
 * What PostgreSQL reads of a term's rows is their numbers alone, from the heap: rows of a kilobyte each made that 5 rows a page, and a
 * common word a walk through the whole table. Long values leave their row only where the row is over 2 kB, hence the filler: of blanks,
 * which are compressed to 40 bytes, while the terms go to the TOAST table (85 rows a page). The list of pending index entries, which
 * each search of a term reads from its beginning to its end, is kept short.
 */
const slim = (table: string) => `
  create table ${table}_slim (
    rowid bigint primary key references ${table} (rowid) on delete cascade,
    terms tsvector not null,
    filler text not null default repeat(' ', 2100)
  ) with (toast_tuple_target = 128);
  insert into ${table}_slim (rowid, terms) select rowid, terms from ${table}_terms;
  drop table ${table}_terms;
  alter table ${table}_slim rename to ${table}_terms;
  create index ${table}_terms_gin on ${table}_terms using gin (terms) with (gin_pending_list_limit = 256);
  analyze ${table}_terms;
`;

export const slimSearchRows: Migration = {
  name: "0009-slim-search-rows",
  postgres: slim("ticket_history") + slim("documents"),
};
