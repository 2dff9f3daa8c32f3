import type { Logger } from "pino";
import type { EnhancerStore } from "../store.ts";

const dayMs = 86_400_000;
const everyMs = 3_600_000;
const firstAfterMs = 60_000;

/** Deletes, once an hour, the records that their tenants keep no longer and counters that are of no use. Returns what ends it. */
export function keepRecordsShort(
  store: Pick<EnhancerStore, "tenants" | "records" | "spending">,
  logger: Logger,
): () => void {
  const run = () => {
    pruneRecords(store, Date.now()).catch((error: unknown) =>
      logger.warn({ err: error }, "records of enhancements could not be pruned; trying again in an hour"),
    );
  };
  const first = setTimeout(run, firstAfterMs).unref();
  const timer = setInterval(run, everyMs).unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

export async function pruneRecords(
  { tenants, records, spending }: Pick<EnhancerStore, "tenants" | "records" | "spending">,
  nowMs: number,
): Promise<void> {
  for (const { id, settings } of await tenants.list()) {
    const { enhancementDays } = settings.retention;
    if (enhancementDays !== null) await records.prune(id, nowMs - enhancementDays * dayMs);
  }
  await spending.prune();
}
