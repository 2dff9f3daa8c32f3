import { Cluster, type Redis } from "ioredis";
import type { Logger } from "pino";
import type { RedisAddress } from "./address.ts";
import type { RedisClient } from "./clients.ts";

/** A setting that is not as a queue needs it. */
export interface RedisSetting {
  name: "maxmemory-policy" | "persistence" | "appendfsync" | "config";
  /** `loss`: jobs are lost in ordinary operation; else in an accident. */
  severity: "loss" | "risk";
  /** A sentence that names the setting and its value. */
  text: string;
}

/** What an operator should know of a Redis that holds jobs: each a sentence that names the setting and its value. */
export async function settingsWarnings(client: RedisClient): Promise<string[]> {
  return [...new Set((await redisSettings(client)).map(({ text }) => text))];
}

/** Of all masters. */
export async function redisSettings(client: RedisClient): Promise<RedisSetting[]> {
  const nodes: Redis[] = client instanceof Cluster ? client.nodes("master") : [client];
  const found: RedisSetting[] = [];
  for (const node of nodes) {
    const read = async (name: string) => {
      const answer = (await node.config("GET", name)) as string[] | Record<string, string>;
      return Array.isArray(answer) ? answer[1] : answer[name];
    };
    try {
      const policy = await read("maxmemory-policy");
      const appendonly = await read("appendonly");
      const fsync = await read("appendfsync");
      const save = await read("save");
      if (policy !== undefined && policy !== "noeviction")
        found.push({
          name: "maxmemory-policy",
          severity: "loss",
          text: `maxmemory-policy is ${policy}: Redis may throw jobs away; set it to noeviction`,
        });
      if (appendonly === "no")
        found.push(
          save === ""
            ? {
                name: "persistence",
                severity: "loss",
                text: "appendonly is no and save is empty: a restart of Redis loses every job; set appendonly to yes",
              }
            : {
                name: "persistence",
                severity: "risk",
                text: `appendonly is no (save is "${save ?? ""}"): a crash of Redis loses the jobs since its last snapshot; set appendonly to yes`,
              },
        );
      else if (appendonly === "yes" && fsync !== "always")
        found.push({
          name: "appendfsync",
          severity: "risk",
          text: `appendfsync is ${fsync ?? "unknown"}: a power cut may lose the jobs of the last second; set it to always where a 202 must survive that`,
        });
    } catch (error) {
      // Services that others run often forbid CONFIG.
      const why = error instanceof Error ? error.message : String(error);
      found.push({
        name: "config",
        severity: "risk",
        text: `maxmemory-policy and appendonly cannot be read (${why}): make sure that they are noeviction and yes`,
      });
    }
  }
  return found;
}

export async function warnOfSettings(
  client: RedisClient,
  address: RedisAddress,
  logger: Logger,
): Promise<void> {
  const warnings = await settingsWarnings(client).catch(() => []);
  for (const warning of warnings) logger.warn({ redis: address.shown }, warning);
}
