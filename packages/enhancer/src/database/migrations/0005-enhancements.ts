import type { Migration } from "./migration.ts";

const enhancements = (integer: string, real: string) => `
    create table enhancements (
      id text primary key, tenant_id text not null, ticket_id text not null, job_id text not null, attempt ${integer} not null,
      trace_id text not null, created_at ${integer} not null, status text not null, delivery text not null, reason text,
      note_id text, marker text not null, input_hash text not null, input text not null, sources text not null, note text,
      prompt_version text, writer text, model text, input_tokens ${integer}, output_tokens ${integer}, cached_tokens ${integer},
      cost_usd ${real}, claims_removed ${integer} not null, latency text not null, decided_at ${integer}, decided_by text
    )`;
const feedback = (integer: string) => `
    create table feedback (
      id text primary key, enhancement_id text not null, tenant_id text not null, ticket_id text not null,
      rating text not null check (rating in ('up', 'down')), reason text not null, created_at ${integer} not null
    )`;
const spending = (integer: string) => `
    create table model_spending (
      tenant_id text not null, scope text not null, nano_usd ${integer} not null, tokens ${integer} not null,
      updated_at ${integer} not null, primary key (tenant_id, scope)
    )`;
const switches = (integer: string) => `
    create table note_switch (name text primary key, off ${integer} not null, changed_at ${integer} not null)`;
const indexes = `
    create index enhancements_by_ticket on enhancements (tenant_id, ticket_id, created_at);
    create index enhancements_by_time on enhancements (created_at);
    create index enhancements_by_tenant on enhancements (tenant_id, created_at);
    create index enhancements_drafts on enhancements (tenant_id, created_at) where delivery in ('draft', 'approving');
    create index feedback_by_enhancement on feedback (enhancement_id);
    create index feedback_by_tenant on feedback (tenant_id, created_at);
    create index model_spending_by_age on model_spending (updated_at);`;

/** What became of each attempt, what people thought of it, what models cost, and the switch that stops all notes. */
export const enhancementRecords: Migration = {
  name: "0005-enhancements",
  sqlite: `
    ${enhancements("integer", "real")} strict;
    ${feedback("integer")} strict;
    ${spending("integer")} strict, without rowid;
    ${switches("integer")} strict;
    ${indexes}
  `,
  postgres: `
    ${enhancements("bigint", "double precision")};
    ${feedback("bigint")};
    ${spending("bigint")};
    ${switches("bigint")};
    ${indexes}
  `,
};
