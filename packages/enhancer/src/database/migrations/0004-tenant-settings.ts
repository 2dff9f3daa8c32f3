import type { Migration } from "./migration.ts";

/** Tenants' settings as one JSON text, their secrets apart, and a revision by which processes notice changes. */
export const tenantSettings: Migration = {
  name: "0004-tenant-settings",
  sqlite: `
    create table tenant_secrets (
      tenant_id text not null, name text not null, sealed text not null, valid_until integer,
      primary key (tenant_id, name)
    ) strict;
    insert into tenant_secrets (tenant_id, name, sealed)
      select id, 'webhook', secret from tenants union all select id, 'deskKey', desk_key from tenants;
    create table tenants_revision (id integer primary key check (id = 1), revision integer not null) strict;
    insert into tenants_revision (id, revision) values (1, 1);
    alter table tenants rename to tenants_before;
    create table tenants (
      id text primary key, settings text not null, revision integer not null, created_at integer not null,
      updated_at integer not null
    ) strict;
    insert into tenants (id, settings, revision, created_at, updated_at)
      select id, json_object(
        'webhook', json_object('trustsTraceparent', json(iif(trusts_traceparent = 1, 'true', 'false'))),
        'desk', json_object('kind', 'servicedesk-plus', 'url', desk_url)
      ), 1, created_at, created_at from tenants_before;
    drop table tenants_before;
  `,
  postgres: `
    create table tenant_secrets (
      tenant_id text not null, name text not null, sealed text not null, valid_until bigint,
      primary key (tenant_id, name)
    );
    insert into tenant_secrets (tenant_id, name, sealed)
      select id, 'webhook', secret from tenants union all select id, 'deskKey', desk_key from tenants;
    create table tenants_revision (id integer primary key check (id = 1), revision bigint not null);
    insert into tenants_revision (id, revision) values (1, 1);
    alter table tenants add column settings text, add column revision bigint, add column updated_at bigint;
    update tenants set
      settings = json_build_object(
        'webhook', json_build_object('trustsTraceparent', trusts_traceparent = 1),
        'desk', json_build_object('kind', 'servicedesk-plus', 'url', desk_url)
      )::text, revision = 1, updated_at = created_at;
    alter table tenants
      alter column settings set not null, alter column revision set not null, alter column updated_at set not null,
      drop column secret, drop column desk_url, drop column desk_key, drop column trusts_traceparent;
  `,
};
