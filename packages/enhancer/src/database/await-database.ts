import { ThroughlineError } from "@throughline/api";
import type { Logger } from "pino";
import { setTimeout as sleep } from "node:timers/promises";
import { pingDatabase } from "./open.ts";
import type { EnhancerDatabase } from "./schema.ts";

const retryMs = 1_000;

/**
 * Says once that the database is away and once that it is back. A start does not wait for it: webhooks that need it are
 * answered 503 until then. Ends with the first answer, an error that waiting does not mend, or the signal.
 */
export async function awaitDatabase(
  database: EnhancerDatabase,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  let isAway = false;
  while (!signal.aborted) {
    try {
      await pingDatabase(database);
      if (isAway) logger.info("the database is reached, what waited goes on");
      return;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ThroughlineError) || error.code !== "TL_DATABASE_UNAVAILABLE") {
        logger.error({ err: error }, "the database cannot be used");
        return;
      }
      if (!isAway) logger.warn({ code: error.code }, `${error.message} It is tried again every second.`);
      isAway = true;
    }
    await sleep(retryMs, undefined, { signal }).catch(() => {});
  }
}
