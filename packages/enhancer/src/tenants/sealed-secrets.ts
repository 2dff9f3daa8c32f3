import { ThroughlineError } from "@throughline/api";
import type { Transaction } from "kysely";
import type { BusinessTables, EnhancerDatabase } from "../database/schema.ts";
import type { EnvelopeKey, EnvelopeKeys } from "./envelope-keys.ts";
import { type SecretName, secretNames, tenantSecrets } from "./settings.ts";
import { parse, type Tenant, unknownTenant } from "./tenant.ts";
import { newTenantVault, openTenantVault, type TenantVault } from "./vault.ts";

type Write = Transaction<BusinessTables>;

/** Beside `secretNames` in `tenant_secrets`. */
const previousWebhook = "previousWebhook";

/** The rows of `tenant_secrets`. Whatever writes holds the lock of `tenants_revision`. */
export class SealedSecrets {
  private readonly keys: EnvelopeKeys;

  constructor(keys: EnvelopeKeys) {
    this.keys = keys;
  }

  /** For a tenant whose row is about to be written: its new data key. */
  async begin(write: Write, tenantId: string): Promise<TenantVault> {
    return newTenantVault(tenantId, await this.envelope(write));
  }

  /** The tenant's own vault; one of before data keys is sealed anew first. */
  async vaultFor(write: Write, tenantId: string): Promise<TenantVault> {
    const row = await write
      .selectFrom("tenants")
      .select("data_key")
      .where("id", "=", tenantId)
      .executeTakeFirst();
    if (row === undefined) return unknownTenant(tenantId);
    if (row.data_key !== "") return openTenantVault(tenantId, row.data_key, this.keys);
    return this.reseal(write, tenantId, row.data_key, await this.envelope(write));
  }

  async put(
    write: Write,
    tenantId: string,
    vault: TenantVault,
    secrets: Readonly<Partial<Record<SecretName, string | undefined>>>,
  ): Promise<void> {
    for (const name of secretNames) {
      const secret = secrets[name];
      if (secret !== undefined) await putRow(write, tenantId, name, vault.seal(name, secret), null);
    }
  }

  /** The present webhook secret stays good until then; 0: no other than the present one is. */
  async keepPrevious(write: Write, tenantId: string, vault: TenantVault, validUntil: number): Promise<void> {
    await write
      .deleteFrom("tenant_secrets")
      .where("tenant_id", "=", tenantId)
      .where("name", "=", previousWebhook)
      .execute();
    if (validUntil === 0) return;
    const row = await write
      .selectFrom("tenant_secrets")
      .select("sealed")
      .where("tenant_id", "=", tenantId)
      .where("name", "=", "webhook")
      .executeTakeFirst();
    if (row === undefined) return;
    const sealed = vault.seal(previousWebhook, vault.open("webhook", row.sealed));
    await putRow(write, tenantId, previousWebhook, sealed, validUntil);
  }

  /** Throws TL_TENANTS_KEY_WRONG, TL_TENANT_SECRET_DAMAGED, TL_TENANT_SECRETS_MISSING. */
  async read(database: EnhancerDatabase, tenantId: string, dataKey: string): Promise<Tenant["secrets"]> {
    const rows = await rowsOf(database, tenantId);
    const vault = openTenantVault(tenantId, dataKey, this.keys);
    const opened = new Map(rows.map(({ name, sealed }) => [name, vault.open(name, sealed)]));
    if (!opened.has("webhook")) {
      throw new ThroughlineError(
        "TL_TENANT_SECRETS_MISSING",
        `The tenant "${tenantId}" has no secrets any more.`,
      );
    }
    const known = secretNames.flatMap((name) => {
      const secret = opened.get(name);
      return secret === undefined ? [] : [[name, secret] as const];
    });
    const secrets: Tenant["secrets"] = parse(tenantSecrets, Object.fromEntries(known), "secrets.");
    const secret = opened.get(previousWebhook);
    const validUntil = rows.find(({ name }) => name === previousWebhook)?.valid_until;
    if (secret !== undefined && typeof validUntil === "number")
      secrets.previousWebhook = { secret, validUntil };
    return secrets;
  }

  /** Whether a rotation may have been left half done. */
  isUnsettled(): boolean {
    return this.keys.isUnsettled();
  }

  /** Throws TL_TENANTS_KEY_WRONG where the tenant's data key does not open. */
  probe(tenantId: string, dataKey: string): void {
    if (dataKey !== "") openTenantVault(tenantId, dataKey, this.keys);
  }

  /** Names of the secrets that are there. */
  async names(database: EnhancerDatabase, tenantId: string): Promise<string[]> {
    return (await rowsOf(database, tenantId)).map(({ name }) => name);
  }

  /**
   * New envelope key, new data keys, every secret sealed anew, in the caller's transaction; `settle` once it is committed.
   * `discard`: what cannot be opened is deleted, and its tenants are told.
   */
  async rotate(write: Write, { discard }: { discard: boolean }): Promise<{ keyId: string; lost: string[] }> {
    // What a rotation before left half done is finished first: its key may be the only one that opens.
    const before = await keyIdOf(write);
    if (before !== null) this.keys.settle(before);
    const envelope = this.keys.next();
    const lost: string[] = [];
    for (const { id, data_key: dataKey } of await write
      .selectFrom("tenants")
      .select(["id", "data_key"])
      .orderBy("id")
      .execute()) {
      try {
        await this.reseal(write, id, dataKey, envelope);
      } catch (error) {
        if (!discard || !isUnreadable(error)) throw error;
        lost.push(id);
        await write.deleteFrom("tenant_secrets").where("tenant_id", "=", id).execute();
        await setDataKey(write, id, newTenantVault(id, envelope).dataKey);
      }
    }
    await write.updateTable("tenants_revision").set({ key_id: envelope.id }).execute();
    return { keyId: envelope.id, lost };
  }

  /** To be called under the lock, after the commit of a rotation. */
  async settle(write: Write): Promise<void> {
    const id = await keyIdOf(write);
    if (id !== null) this.keys.settle(id);
  }

  private async reseal(
    write: Write,
    tenantId: string,
    dataKey: string,
    envelope: EnvelopeKey,
  ): Promise<TenantVault> {
    const [before, after] = [
      openTenantVault(tenantId, dataKey, this.keys),
      newTenantVault(tenantId, envelope),
    ];
    for (const { name, sealed, valid_until: validUntil } of await rowsOf(write, tenantId))
      await putRow(write, tenantId, name, after.seal(name, before.open(name, sealed)), validUntil);
    await setDataKey(write, tenantId, after.dataKey);
    return after;
  }

  /** The key that the database names; the first tenant's change names it. */
  private async envelope(write: Write): Promise<EnvelopeKey> {
    const id = await keyIdOf(write);
    if (id !== null) {
      const known = this.keys.find(id);
      if (known !== undefined) return known;
      throw new ThroughlineError(
        "TL_TENANTS_KEY_WRONG",
        `${this.keys.source} is not the key that tenants' secrets are sealed under: they need the key ${id}.`,
      );
    }
    const first = this.keys.first();
    await write.updateTable("tenants_revision").set({ key_id: first.id }).execute();
    return first;
  }
}

async function keyIdOf(database: EnhancerDatabase): Promise<string | null> {
  return (await database.selectFrom("tenants_revision").select("key_id").executeTakeFirstOrThrow()).key_id;
}

function rowsOf(database: EnhancerDatabase, tenantId: string) {
  return database.selectFrom("tenant_secrets").selectAll().where("tenant_id", "=", tenantId).execute();
}

async function putRow(
  write: Write,
  tenantId: string,
  name: string,
  sealed: string,
  validUntil: number | null,
): Promise<void> {
  await write
    .insertInto("tenant_secrets")
    .values({ tenant_id: tenantId, name, sealed, valid_until: validUntil })
    .onConflict((conflict) =>
      conflict.columns(["tenant_id", "name"]).doUpdateSet({ sealed, valid_until: validUntil }),
    )
    .execute();
}

async function setDataKey(write: Write, tenantId: string, dataKey: string): Promise<void> {
  await write.updateTable("tenants").set({ data_key: dataKey }).where("id", "=", tenantId).execute();
}

function isUnreadable(error: unknown): boolean {
  return (
    error instanceof ThroughlineError &&
    ["TL_TENANTS_KEY_WRONG", "TL_TENANT_SECRET_DAMAGED"].includes(error.code)
  );
}
