import type { Migration } from "./migration.ts";

/** Lanes of tenants, deliveries, order with ageing, take-overs. A waiting job of before counts as one that was delayed until now. */
export const queue: Migration = {
  name: "0003-queue",
  sqlite: `
    alter table jobs add column payload_version integer not null default 1;
    alter table jobs add column takeovers integer not null default 0;
    alter table jobs add column rank integer not null default 0;
    alter table jobs add column delayed integer not null default 0;
    alter table jobs add column forced integer not null default 0;
    update jobs set rank = enqueued_at + priority * 300000, delayed = 1 where state = 'waiting';
    drop index jobs_due;
    create index jobs_ready on jobs (tenant_id, rank) where state = 'waiting' and delayed = 0;
    create index jobs_delayed on jobs (available_at) where state = 'waiting' and delayed = 1;
    create index jobs_active on jobs (tenant_id, ticket_id) where state = 'active';
    create index jobs_by_state on jobs (state, finished_at);

    create table deliveries (
      id text primary key, tenant_id text not null, job_id text not null, trace_id text not null, received_at integer not null
    ) strict, without rowid;
    create index deliveries_by_age on deliveries (received_at);

    create table queue_lanes (
      tenant_id text primary key, turn integer not null default 0, busy integer not null default 0,
      paused integer not null default 0, held_until integer not null default 0
    ) strict;
    create index queue_lanes_in_turn on queue_lanes (turn, tenant_id) where busy = 1;
    insert into queue_lanes (tenant_id, busy) select distinct tenant_id, 1 from jobs where state in ('waiting', 'active');
  `,
};
