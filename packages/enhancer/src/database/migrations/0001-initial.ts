import type { Migration } from "./migration.ts";

/** The tables of 0.1.0. FTS5 tables are external-content, kept equal by triggers. */
export const initial: Migration = {
  name: "0001-initial",
  sqlite: `
    create table tenants (
      id text primary key, secret text not null, desk_url text not null, desk_key text not null,
      trusts_traceparent integer not null default 0, created_at integer not null
    ) strict;

    create table jobs (
      id text primary key, tenant_id text not null, ticket_id text not null, ticket text not null,
      priority integer not null, state text not null check (state in ('waiting','active','done','dead')),
      attempts integer not null default 0, attempts_allowed integer not null, takes integer not null default 0,
      available_at integer not null, leased_until integer, lease_owner text, write_started_at integer,
      note_id text, status text, reason text, traceparent text not null, tracestate text not null,
      enqueued_at integer not null, clock_started_at integer not null, finished_at integer
    ) strict;
    create index jobs_due on jobs (priority, available_at) where state = 'waiting';
    create index jobs_leased on jobs (leased_until) where state = 'active';
    create index jobs_by_ticket on jobs (ticket_id, tenant_id);
    create index jobs_recent on jobs (enqueued_at);

    create table queue_state (name text primary key, paused integer not null default 0) strict;

    create table ticket_history (
      rowid integer primary key, tenant_id text not null, ticket_id text not null, subject text not null,
      description text not null, resolution text not null, resolved_at integer, priority text, tags text not null,
      unique (tenant_id, ticket_id)
    ) strict;
    create virtual table ticket_history_fts using fts5 (
      subject, description, resolution, tags, content='ticket_history', content_rowid='rowid', tokenize='porter unicode61'
    );
    create trigger ticket_history_ai after insert on ticket_history begin
      insert into ticket_history_fts (rowid, subject, description, resolution, tags)
      values (new.rowid, new.subject, new.description, new.resolution, new.tags);
    end;
    create trigger ticket_history_ad after delete on ticket_history begin
      insert into ticket_history_fts (ticket_history_fts, rowid, subject, description, resolution, tags)
      values ('delete', old.rowid, old.subject, old.description, old.resolution, old.tags);
    end;
    create trigger ticket_history_au after update on ticket_history begin
      insert into ticket_history_fts (ticket_history_fts, rowid, subject, description, resolution, tags)
      values ('delete', old.rowid, old.subject, old.description, old.resolution, old.tags);
      insert into ticket_history_fts (rowid, subject, description, resolution, tags)
      values (new.rowid, new.subject, new.description, new.resolution, new.tags);
    end;

    create table documents (
      rowid integer primary key, tenant_id text not null, path text not null, anchor text not null,
      title text not null, body text not null, unique (tenant_id, path, anchor)
    ) strict;
    create virtual table documents_fts using fts5 (
      title, body, content='documents', content_rowid='rowid', tokenize='porter unicode61'
    );
    create trigger documents_ai after insert on documents begin
      insert into documents_fts (rowid, title, body) values (new.rowid, new.title, new.body);
    end;
    create trigger documents_ad after delete on documents begin
      insert into documents_fts (documents_fts, rowid, title, body) values ('delete', old.rowid, old.title, old.body);
    end;
    create trigger documents_au after update on documents begin
      insert into documents_fts (documents_fts, rowid, title, body) values ('delete', old.rowid, old.title, old.body);
      insert into documents_fts (rowid, title, body) values (new.rowid, new.title, new.body);
    end;

    create table inventory (
      tenant_id text not null, ip text not null, hostname text not null, role text not null,
      client text not null, location text not null, primary key (tenant_id, ip)
    ) strict;
  `,
  postgres: `
    create table tenants (
      id text primary key, secret text not null, desk_url text not null, desk_key text not null,
      trusts_traceparent integer not null default 0, created_at bigint not null
    );
    create table ticket_history (
      rowid bigint generated always as identity primary key, tenant_id text not null, ticket_id text not null,
      subject text not null, description text not null, resolution text not null, resolved_at bigint, priority text,
      tags text not null, unique (tenant_id, ticket_id)
    );
    create table documents (
      rowid bigint generated always as identity primary key, tenant_id text not null, path text not null,
      anchor text not null, title text not null, body text not null, unique (tenant_id, path, anchor)
    );
    create table inventory (
      tenant_id text not null, ip text not null, hostname text not null, role text not null,
      client text not null, location text not null, primary key (tenant_id, ip)
    );
  `,
};
