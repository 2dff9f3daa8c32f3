import { Cluster, type Redis } from "ioredis";
import type { Logger } from "pino";
import type { RedisAddress } from "./address.ts";
import type { RedisClient } from "./clients.ts";

/** What an operator should know of a Redis that holds jobs: each a sentence that names the setting and its value. */
export async function settingsWarnings(client: RedisClient): Promise<string[]> {
  const nodes: Redis[] = client instanceof Cluster ? client.nodes("master") : [client];
  const warnings = new Set<string>();
  for (const node of nodes) {
    const read = async (name: string) => {
      const found = (await node.config("GET", name)) as string[] | Record<string, string>;
      return Array.isArray(found) ? found[1] : found[name];
    };
    try {
      const policy = await read("maxmemory-policy");
      const appendonly = await read("appendonly");
      const fsync = await read("appendfsync");
      const save = await read("save");
      if (policy !== undefined && policy !== "noeviction")
        warnings.add(`maxmemory-policy is ${policy}: Redis may throw jobs away; set it to noeviction`);
      if (appendonly === "no")
        warnings.add(
          save === ""
            ? "appendonly is no and save is empty: a restart of Redis loses every job; set appendonly to yes"
            : `appendonly is no (save is "${save ?? ""}"): a crash of Redis loses the jobs since its last snapshot; set appendonly to yes`,
        );
      else if (appendonly === "yes" && fsync !== "always")
        warnings.add(
          `appendfsync is ${fsync ?? "unknown"}: a power cut may lose the jobs of the last second; set it to always where a 202 must survive that`,
        );
    } catch (error) {
      // Services that others run often forbid CONFIG.
      warnings.add(
        `maxmemory-policy and appendonly cannot be read (${error instanceof Error ? error.message : String(error)}): make sure that they are noeviction and yes`,
      );
    }
  }
  return [...warnings];
}

export async function warnOfSettings(
  client: RedisClient,
  address: RedisAddress,
  logger: Logger,
): Promise<void> {
  const warnings = await settingsWarnings(client).catch(() => []);
  for (const warning of warnings) logger.warn({ redis: address.shown }, warning);
}
