import type { EnhancerStore, NewAuditEntry } from "@throughline/enhancer";
import type { Flags } from "../config.ts";
import { readTenantsKeys } from "../runtime/tenants-keys.ts";
import type { CommandContext } from "./context.ts";
import { dataDirectoryOf, settingsOf } from "./options.ts";

/** Opens the enhancer's state for one command; changes count within a second in processes that run. */
export async function withStore<T>(
  flags: Flags,
  context: CommandContext,
  work: (store: EnhancerStore) => Promise<T>,
  options: { orDemo?: boolean; withoutQueue?: boolean } = {},
): Promise<T> {
  const { openStore } = await import("@throughline/enhancer");
  const { postgres, redis } = settingsOf(flags, context);
  const store = await openStore(dataDirectoryOf(flags, context, options), {
    busyTimeoutMs: 10_000,
    tenantsKeys: readTenantsKeys(context.environment),
    postgres,
    redis: options.withoutQueue === true ? undefined : redis,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Into the audit log, as done by whoever runs the command. */
export async function recordAction(
  flags: Flags,
  context: CommandContext,
  entry: Omit<NewAuditEntry, "actor">,
  options: { orDemo?: boolean } = {},
): Promise<void> {
  const { recordAudit } = await import("@throughline/enhancer");
  await withStore(flags, context, ({ database }) => recordAudit(database, entry), {
    ...options,
    withoutQueue: true,
  });
}
