import { indexStoredText } from "../index-stored-text.ts";
import type { Migration } from "./migration.ts";

/**
 * What context is searched by. Terms come from context/words/ and stand in an index of rows (FTS5 without content here, tsvector
 * and GIN there); `search_words` with its trigrams is the vocabulary in which misspelt words are looked up. Inventory takes
 * networks, hosts and assets without an address; documents have labels and may come from the desk.
 */
export const context: Migration = {
  name: "0006-context",
  sqlite: `
    drop trigger ticket_history_ai; drop trigger ticket_history_ad; drop trigger ticket_history_au;
    drop table ticket_history_fts;
    drop trigger documents_ai; drop trigger documents_ad; drop trigger documents_au;
    drop table documents_fts;
    create virtual table ticket_history_terms using fts5 (
      terms, content='', contentless_delete=1, detail='none', tokenize='ascii'
    );
    create trigger ticket_history_gone after delete on ticket_history begin
      delete from ticket_history_terms where rowid = old.rowid;
    end;
    create virtual table documents_terms using fts5 (
      terms, content='', contentless_delete=1, detail='none', tokenize='ascii'
    );
    create trigger documents_gone after delete on documents begin
      delete from documents_terms where rowid = old.rowid;
    end;
    create table search_words (
      id integer primary key, tenant_id text not null, word text not null, unique (tenant_id, word)
    ) strict;
    create virtual table search_words_trigrams using fts5 (
      word, content='', contentless_delete=1, detail='none', tokenize='trigram'
    );
    create trigger search_words_new after insert on search_words begin
      insert into search_words_trigrams (rowid, word) values (new.id, new.word);
    end;
    create trigger search_words_gone after delete on search_words begin
      delete from search_words_trigrams where rowid = old.id;
    end;
    alter table documents add column labels text not null default '[]';
    alter table documents add column origin text not null default 'folder';
    create index documents_by_origin on documents (tenant_id, origin, path);
    create table context_state (
      tenant_id text primary key, version integer not null, desk_synced_at integer, desk_sync_error text
    ) strict;
    insert into context_state (tenant_id, version)
      select tenant_id, 1 from ticket_history union select tenant_id, 1 from documents union select tenant_id, 1 from inventory;
    alter table inventory rename to inventory_before;
    create table inventory (
      tenant_id text not null, id text not null, ip text, cidr text, hostname text not null, asset_tag text not null,
      role text not null, client text not null, location text not null, origin text not null default 'file',
      host_key text not null, short_key text not null, asset_key text not null, ip_key text,
      primary key (tenant_id, id)
    ) strict;
    insert into inventory (tenant_id, id, ip, hostname, asset_tag, role, client, location, host_key, short_key, asset_key, ip_key)
      select tenant_id, ip, ip, hostname, '', role, client, location, '', '', '', ''
      from inventory_before;
    drop table inventory_before;
    create index inventory_by_ip on inventory (tenant_id, ip_key);
    create index inventory_by_cidr on inventory (tenant_id, cidr) where cidr is not null;
    create index inventory_by_host on inventory (tenant_id, host_key);
    create index inventory_by_short on inventory (tenant_id, short_key);
    create index inventory_by_asset on inventory (tenant_id, asset_key);
  `,
  afterSqlite: indexStoredText,
  postgres: `
    create table ticket_history_terms (
      rowid bigint primary key references ticket_history (rowid) on delete cascade, terms tsvector not null
    );
    create index ticket_history_terms_gin on ticket_history_terms using gin (terms);
    create table documents_terms (
      rowid bigint primary key references documents (rowid) on delete cascade, terms tsvector not null
    );
    create index documents_terms_gin on documents_terms using gin (terms);
    create table search_words (
      id bigint generated always as identity primary key, tenant_id text not null, word text not null,
      unique (tenant_id, word)
    );
    create index search_words_trigrams on search_words using gin (word gin_trgm_ops);
    alter table documents
      add column labels text not null default '[]', add column origin text not null default 'folder';
    create index documents_by_origin on documents (tenant_id, origin, path);
    create table context_state (
      tenant_id text primary key, version bigint not null, desk_synced_at bigint, desk_sync_error text
    );
    drop table inventory;
    create table inventory (
      tenant_id text not null, id text not null, ip text, cidr text, hostname text not null, asset_tag text not null,
      role text not null, client text not null, location text not null, origin text not null default 'file',
      host_key text not null, short_key text not null, asset_key text not null, ip_key text,
      primary key (tenant_id, id)
    );
    create index inventory_by_ip on inventory (tenant_id, ip_key collate "C");
    create index inventory_by_cidr on inventory (tenant_id, cidr) where cidr is not null;
    create index inventory_by_host on inventory (tenant_id, host_key);
    create index inventory_by_short on inventory (tenant_id, short_key);
    create index inventory_by_asset on inventory (tenant_id, asset_key);
  `,
};
