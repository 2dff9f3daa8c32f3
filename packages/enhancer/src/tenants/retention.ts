import type { Logger } from "pino";
import type { EnhancerDatabase } from "../database/schema.ts";
import { contextChanged } from "../history/write-terms.ts";
import { queueDefaults } from "../queue/open-queue.ts";
import type { Keep } from "../queue/queue.ts";
import type { EnhancementRecords } from "../records/enhancements.ts";
import type { Spending } from "../records/spending.ts";
import { tenantTables } from "./tenant-tables.ts";
import type { Tenants } from "./tenants.ts";

const dayMs = 86_400_000;
const firstAfterMs = 60_000;
const everyMs = 3_600_000;
/** One statement deletes at most so many tickets: searches and imports go on between them. */
const rowsAtOnce = 500;

interface Kept {
  database: EnhancerDatabase;
  tenants: Tenants;
  records: EnhancementRecords;
  spending: Spending;
}

/**
 * Deletes what tenants keep no longer: history by the day on which a ticket was resolved (a ticket without one stays), enhancements
 * by the day of the attempt. Drafts wait as long as jobs that ended are kept. Also what a removed tenant left behind: an attempt that was under way wrote after it.
 */
export async function applyRetention(
  { database, tenants, records, spending }: Kept,
  nowMs = Date.now(),
  { finishedMs, finishedCount }: Pick<Keep, "finishedMs" | "finishedCount"> = queueDefaults.keep,
): Promise<{ history: number; enhancements: number; drafts: number; leftBehind: number }> {
  const report = { history: 0, enhancements: 0, drafts: 0, leftBehind: 0 };
  for (const { id, settings } of await tenants.list()) {
    const { historyDays, enhancementDays } = settings.retention;
    if (historyDays !== null) report.history += await pruneHistory(database, id, nowMs - historyDays * dayMs);
    if (enhancementDays !== null)
      report.enhancements += await records.prune(id, nowMs - enhancementDays * dayMs);
    report.drafts += await records.discardOldDrafts(id, {
      beforeMs: nowMs - finishedMs,
      atMost: finishedCount,
    });
  }
  await spending.prune();
  for (const table of Object.keys(tenantTables) as (keyof typeof tenantTables)[]) {
    const { numDeletedRows } = await database
      .deleteFrom(table)
      .where((eb) =>
        eb.not(
          eb.exists(eb.selectFrom("tenants").select("id").whereRef("tenants.id", "=", `${table}.tenant_id`)),
        ),
      )
      .executeTakeFirstOrThrow();
    report.leftBehind += Number(numDeletedRows);
  }
  return report;
}

/** Now and then. Returns how to stop. */
export function startRetention(kept: Kept, keep: Keep, logger: Logger): () => Promise<void> {
  let current: Promise<void> = Promise.resolve();
  const apply = async (): Promise<void> => {
    try {
      const report = await applyRetention(kept, Date.now(), keep);
      if (Object.values(report).some((count) => count > 0))
        logger.info(report, "what tenants keep no longer is deleted");
    } catch (error) {
      logger.warn({ err: error }, "what tenants keep no longer could not be deleted; tried again in an hour");
    }
  };
  const next = (afterMs: number): NodeJS.Timeout =>
    setTimeout(() => {
      timer = next(everyMs);
      current = current.then(apply);
    }, afterMs).unref();
  let timer = next(firstAfterMs);
  return async () => {
    clearTimeout(timer);
    await current;
  };
}

async function pruneHistory(database: EnhancerDatabase, tenantId: string, beforeMs: number): Promise<number> {
  let removed = 0;
  for (;;) {
    const { numDeletedRows } = await database
      .deleteFrom("ticket_history")
      .where("rowid", "in", (eb) =>
        eb
          .selectFrom("ticket_history")
          .select("rowid")
          .where("tenant_id", "=", tenantId)
          .where("resolved_at", "<", beforeMs)
          .limit(rowsAtOnce),
      )
      .executeTakeFirstOrThrow();
    removed += Number(numDeletedRows);
    if (Number(numDeletedRows) < rowsAtOnce) break;
  }
  if (removed > 0) await contextChanged(database, tenantId);
  return removed;
}
