import type { Logger } from "pino";

/** Past this a stop that hangs is cut: everything acknowledged is durable already. */
const stopLimitMs = 5_000;

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. */
const echoMs = 500;

/** Waits for Ctrl-C or SIGTERM, stops once, and ends the process. A second signal ends it at once. */
export async function runUntilStopped(stop: () => Promise<void>, logger: Logger): Promise<never> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, resolve);
  });
  const asked = Date.now();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (Date.now() - asked > echoMs) process.exit(130);
    });
  }
  logger.info({ signal }, "stopping");
  const late = setTimeout(() => {
    logger.error("the stop took too long and was cut");
    process.exit(1);
  }, stopLimitMs);
  await stop();
  clearTimeout(late);
  logger.info("stopped");
  return process.exit(0);
}
