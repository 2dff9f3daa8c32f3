import type { Migration } from "./migration.ts";

/**
 * The delivery that made a job has the job's id: as long as the job is there, no other row need say so. Rows of two tables under random
 * keys would be twice as many pages to write and sync for each webhook.
 */
export const deliveries: Migration = {
  name: "0008-deliveries",
  sqlite: `
    create trigger jobs_leave_their_delivery after delete on jobs begin
      insert or ignore into deliveries (id, tenant_id, job_id, trace_id, received_at)
      values (old.id, old.tenant_id, old.id, substr(old.traceparent, 4, 32), old.enqueued_at);
    end;
  `,
};
