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

async function untilNone(connection: QueueConnection, remove: () => number): Promise<number> {
  let removed = 0;
  for (;;) {
    const changes = await connection.commit.quick(remove);
    removed += changes;
    if (changes < rowsPerCommit) return removed;
  }
}
