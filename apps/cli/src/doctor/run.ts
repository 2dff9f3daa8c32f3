import { ThroughlineError } from "@throughline/api";
import type { TracingConfig } from "@throughline/tracing";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Finding, fail, skip } from "../checks/finding.ts";
import { readTenantsKeys } from "../runtime/tenants-keys.ts";
import { checkCertificates } from "./check-certificates.ts";
import { checkDamage, checkDisk, checkFileLimits, checkPermissions, checkVersions } from "./check-machine.ts";
import { checkDesks, checkModels } from "./check-outside.ts";
import { checkQueue } from "./check-queue.ts";
import { checkRedaction } from "./check-redaction.ts";
import { checkBackendClock, checkRunning } from "./check-running.ts";
import { checkPostgres, checkRedis, messageOf } from "./check-stores.ts";
import { checkTracing } from "./check-tracing.ts";
import type { OpenedStore, Subject } from "./subject.ts";

/** Every checklist of the guide, run instead of read. Changes nothing that stays; works beside roles that run and without any. */
export async function runDoctor(subject: Subject): Promise<Finding[]> {
  const machine = [
    ...checkVersions(subject),
    ...(await checkDisk(subject)),
    ...checkFileLimits(subject),
    ...checkPermissions(subject),
    ...checkCertificates(subject),
    ...checkDamage(subject),
  ];
  const running = await checkRunning(subject);
  const tracing = await checkSpans(subject);
  const redis = await checkRedis(subject);
  const postgres = await checkPostgres(subject);
  const isAway = [...redis, ...postgres].some(
    ({ id, status }) => status === "fail" && (id === "redis" || id === "postgres"),
  );
  const state = isAway
    ? [skip("state", "tenants and jobs cannot be looked at while that is away")]
    : await withOpened(subject, async (store) => [
        ...(await checkQueue(subject, store)),
        ...(await checkDesks(store)),
      ]);
  return [
    ...machine,
    ...running,
    ...tracing,
    ...(await checkRedaction(subject)),
    ...redis,
    ...postgres,
    ...state,
    ...(await checkModels(subject)),
  ];
}

async function checkSpans(subject: Subject): Promise<Finding[]> {
  const { tracingConfig } = await import("@throughline/tracing");
  let config: TracingConfig;
  try {
    config = tracingConfig(subject.environment, { slowThresholdMs: subject.settings.slowThreshold });
  } catch (error) {
    return [fail("tracing", messageOf(error), "Correct the variable; the roles do not start with it.")];
  }
  return [...(await checkTracing(subject, config)), ...(await checkBackendClock(config.otlp.endpoint))];
}

/** The enhancer's state; where there is none yet, nothing is made. */
async function withOpened(
  { settings, environment, directory }: Subject,
  look: (store: OpenedStore) => Promise<Finding[]>,
): Promise<Finding[]> {
  const { postgres, redis } = settings;
  const isThere =
    postgres === undefined ? existsSync(join(directory, "throughline.db")) : existsSync(directory);
  if (!isThere) return [skip("state", `${directory} holds no tenants and jobs yet`)];
  try {
    const { openStore } = await import("@throughline/enhancer");
    const store = await openStore(directory, {
      busyTimeoutMs: 5_000,
      tenantsKeys: readTenantsKeys(environment),
      postgres,
      redis,
    });
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    return [
      fail("state", `${error.message} [${error.code}]`, "docs/errors.md says what to do about the code."),
    ];
  }
}
