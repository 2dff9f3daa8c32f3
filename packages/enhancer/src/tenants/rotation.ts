import { newWebhookSecret } from "./new-secret.ts";
import { audit, infoOf, touch, type Write } from "./rows.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
import { tenantSecrets } from "./settings.ts";
import { parse } from "./tenant.ts";

/** Throws TL_TENANT_UNKNOWN, TL_TENANT_INVALID. */
export async function rotateSecret(
  write: Write,
  sealed: SealedSecrets,
  id: string,
  { secret, graceMs, by }: { secret: string | undefined; graceMs: number; by: string | undefined },
): Promise<{ secret: string; previousValidUntil: number | null }> {
  const before = await infoOf(write, id);
  const made = parse(
    tenantSecrets.shape.webhook,
    secret ?? newWebhookSecret(before.settings.webhook.scheme),
    "secret",
  );
  const vault = await sealed.vaultFor(write, id);
  const validUntil = graceMs === 0 ? 0 : Date.now() + graceMs;
  await sealed.keepPrevious(write, id, vault, validUntil);
  await sealed.put(write, id, vault, { webhook: made });
  const until = validUntil === 0 ? null : new Date(validUntil).toISOString();
  const changes = [{ field: "secrets.webhook" }, { field: "previousSecretValidUntil", new: until }];
  await audit(write, "tenant.secret_rotated", id, changes, by);
  await touch(write, before);
  return { secret: made, previousValidUntil: validUntil === 0 ? null : validUntil };
}

/** Throws TL_TENANT_UNKNOWN. */
export async function endPreviousSecret(
  write: Write,
  sealed: SealedSecrets,
  id: string,
  by: string | undefined,
): Promise<void> {
  const before = await infoOf(write, id);
  await sealed.keepPrevious(write, id, await sealed.vaultFor(write, id), 0);
  await audit(write, "tenant.previous_secret_ended", id, [{ field: "secrets.webhook" }], by);
  await touch(write, before);
}
