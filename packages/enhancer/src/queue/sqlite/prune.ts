import type { Keep } from "../queue.ts";
import type { QueueConnection } from "./connection.ts";

/** A commit removes at most so many rows: webhooks and workers go on between them. */
const rowsPerCommit = 500;

/** Removes finished jobs and deliveries that are older than they are kept, and finished jobs beyond the count. Dead jobs stay. */
export async function prune(connection: QueueConnection, keep: Keep): Promise<number> {
  const now = connection.now();
  const removed = await untilNone(connection, () =>
    connection.run(
      `delete from jobs where id in
         (select id from jobs where state = 'done' and finished_at < ? order by finished_at limit ${rowsPerCommit})`,
      now - keep.finishedMs,
    ),
  );
  const done =
    connection.get<{ count: number }>("select count(*) as count from jobs where state = 'done'")?.count ?? 0;
  let surplus = Math.max(0, done - keep.finishedCount);
  const beyond = await untilNone(connection, () => {
    const changes = connection.run(
      "delete from jobs where id in (select id from jobs where state = 'done' order by finished_at limit ?)",
      Math.min(surplus, rowsPerCommit),
    );
    surplus -= changes;
    return changes;
  });
  await untilNone(connection, () =>
    connection.run(
      `delete from deliveries where id in
         (select id from deliveries where received_at < ? order by received_at limit ${rowsPerCommit})`,
      now - keep.deliveriesMs,
    ),
  );
  return removed + beyond;
}

/** A worker that has one of the jobs in its hands learns that its lease is lost. */
export async function eraseTenant(
  connection: QueueConnection,
  tenantId: string,
): Promise<{ jobs: number; deliveries: number }> {
  const erase = (table: "jobs" | "deliveries") =>
    untilNone(connection, () =>
      connection.run(
        `delete from ${table} where id in (select id from ${table} where tenant_id = ? limit ${rowsPerCommit})`,
        tenantId,
      ),
    );
  const erased = { jobs: await erase("jobs"), deliveries: await erase("deliveries") };
  await connection.commit.durable(() =>
    connection.run("delete from queue_lanes where tenant_id = ?", tenantId),
  );
  return erased;
}

async function untilNone(connection: QueueConnection, remove: () => number): Promise<number> {
  let removed = 0;
  for (;;) {
    const changes = await connection.commit.quick(remove);
    removed += changes;
    if (changes < rowsPerCommit) return removed;
  }
}
