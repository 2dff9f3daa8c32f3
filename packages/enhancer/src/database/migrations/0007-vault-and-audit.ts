import type { Migration } from "./migration.ts";

/** A data key for each tenant, under the envelope key that `tenants_revision.key_id` names, and the audit log. */
export const vaultAndAudit: Migration = {
  name: "0007-vault-and-audit",
  sqlite: `
    alter table tenants add column data_key text not null default '';
    alter table tenants_revision add column key_id text;
    create table audit_log (
      seq integer primary key, at integer not null, actor text not null, action text not null, tenant_id text,
      changes text not null, previous_hash text not null, hash text not null
    ) strict;
    create index audit_log_by_tenant on audit_log (tenant_id, seq);
    create trigger audit_log_is_not_changed before update on audit_log begin
      select raise(abort, 'the audit log is append-only');
    end;
    create trigger audit_log_is_not_deleted before delete on audit_log begin
      select raise(abort, 'the audit log is append-only');
    end;
    create trigger audit_log_is_not_replaced before insert on audit_log
      when exists (select 1 from audit_log where seq = new.seq) begin
      select raise(abort, 'the audit log is append-only');
    end;
  `,
  postgres: `
    alter table tenants add column data_key text not null default '';
    alter table tenants_revision add column key_id text;
    create table audit_log (
      seq bigint primary key, at bigint not null, actor text not null, action text not null, tenant_id text,
      changes text not null, previous_hash text not null, hash text not null
    );
    create index audit_log_by_tenant on audit_log (tenant_id, seq);
    create function audit_log_is_append_only() returns trigger language plpgsql as
      $body$ begin raise exception 'the audit log is append-only'; end $body$;
    create trigger audit_log_is_not_changed before update or delete on audit_log
      for each row execute function audit_log_is_append_only();
    create trigger audit_log_is_not_truncated before truncate on audit_log
      for each statement execute function audit_log_is_append_only();
  `,
};
