import type { Logger } from "pino";
import type { JobQueue } from "./queue.ts";

const everyMs = 60_000;

/** Removes what the queue keeps no longer, now and then. Returns how to stop. */
export function startPruning(queue: JobQueue, logger: Logger): () => Promise<void> {
  let current: Promise<void> = Promise.resolve();
  const prune = async () => {
    try {
      const removed = await queue.prune();
      if (removed > 0) logger.info({ jobs: removed }, "jobs that ended long ago are removed");
    } catch (error) {
      logger.warn({ err: error }, "jobs that ended long ago could not be removed");
    }
  };
  const timer = setInterval(() => {
    current = current.then(prune);
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await current;
  };
}
