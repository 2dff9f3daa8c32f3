import { ThroughlineError } from "@throughline/api";
import { sql } from "kysely";
import { z } from "zod";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { AuditChange } from "./audit.ts";
import { hintOf } from "./new-secret.ts";
import { deleteRows } from "./tenant-tables.ts";
import { endPreviousSecret, rotateSecret } from "./rotation.ts";
import { audit, infoOf, touch, type Write } from "./rows.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";
import {
  missingSecrets,
  type SecretName,
  tenantId,
  tenantSecrets,
  type TenantSettings,
  type TenantSettingsInput,
  tenantSettings,
} from "./settings.ts";
import {
  differences,
  infoFrom,
  invalid,
  merged,
  parse,
  type Tenant,
  type TenantInfo,
  unknownTenant,
  verificationTenant,
} from "./tenant.ts";
import { TenantCache } from "./tenant-cache.ts";

export { type Tenant, type TenantInfo, webhookSecrets } from "./tenant.ts";

const newTenant = z.strictObject({ id: tenantId, settings: tenantSettings, secrets: tenantSecrets });
/** Not looked at yet: what is wrong in it is told by field. */
export interface NewTenant {
  id: string;
  settings: TenantSettingsInput | Readonly<Record<string, unknown>>;
  secrets: z.input<typeof tenantSecrets>;
}

/** What changes: settings are merged section by section (RFC 7396, but null is a value), a desk of another kind replaces the old. */
export interface TenantChange {
  settings?: Readonly<Record<string, unknown>> | undefined;
  secrets?: Readonly<Partial<Record<SecretName, string | undefined>>> | undefined;
}

/** Who does it, for the audit log; without it, whoever runs this process. */
interface By {
  by?: string | undefined;
}

/**
 * Tenants and their secrets. Kept in memory: a change by this process counts at once, one by another process within a second, and
 * while the database is away what is known counts on. Every change is in the audit log, or did not happen.
 */
export class Tenants {
  private readonly database: EnhancerDatabase;
  private readonly sealed: SealedSecrets;
  private readonly cache: TenantCache<Tenant | undefined>;

  constructor(database: EnhancerDatabase, sealed: SealedSecrets) {
    this.database = database;
    this.sealed = sealed;
    this.cache = new TenantCache(async () => {
      const row = await database.selectFrom("tenants_revision").select("revision").executeTakeFirst();
      return row?.revision ?? 0;
    });
  }

  /** Throws TL_TENANT_INVALID naming the fields, TL_TENANT_EXISTS, TL_TENANTS_KEY_WRONG. */
  async add(input: NewTenant, { by }: By = {}): Promise<Tenant> {
    const { id, settings, secrets } = parse(newTenant, input);
    refuseMissing(settings, secrets);
    const now = Date.now();
    await this.write(async (write) => {
      const vault = await this.sealed.begin(write, id);
      const row = {
        id,
        settings: JSON.stringify(settings),
        revision: 1,
        data_key: vault.dataKey,
        created_at: now,
        updated_at: now,
      };
      const result = await write
        .insertInto("tenants")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (result.numInsertedOrUpdatedRows === 0n)
        throw new ThroughlineError("TL_TENANT_EXISTS", `There is a tenant "${id}" already.`);
      await this.sealed.put(write, id, vault, secrets);
      const changes = [...differences(undefined, settings), ...secretChanges(secrets)];
      await audit(write, "tenant.added", id, changes, by);
    });
    return { id, settings, secrets, revision: 1, createdAt: now, updatedAt: now };
  }

  /** Throws TL_TENANT_UNKNOWN, TL_TENANT_INVALID, and TL_REVISION_STALE where it has another revision than `ifRevision`. */
  async change(
    id: string,
    change: TenantChange,
    { ifRevision, by }: { ifRevision?: number | undefined } & By = {},
  ): Promise<TenantInfo> {
    const secrets = parse(tenantSecrets.partial(), change.secrets ?? {}, "secrets.");
    return this.write(async (write) => {
      const before = await infoOf(write, id);
      if (ifRevision !== undefined && ifRevision !== before.revision) {
        throw new ThroughlineError(
          "TL_REVISION_STALE",
          `The tenant "${id}" has revision ${before.revision}, not ${ifRevision}.`,
        );
      }
      const settings = parse(tenantSettings, merged(before.settings, change.settings ?? {}), "settings.");
      const kept = await this.sealed.names(write, id);
      refuseMissing(settings, { ...Object.fromEntries(kept.map((name) => [name, true])), ...secrets });
      const changes = [...differences(before.settings, settings), ...secretChanges(secrets)];
      if (changes.length === 0) return before;
      if (Object.keys(secrets).length > 0)
        await this.sealed.put(write, id, await this.sealed.vaultFor(write, id), secrets);
      await audit(write, "tenant.changed", id, changes, by);
      return touch(write, before, settings);
    });
  }

  /**
   * Gives a tenant's webhooks another secret (one is made where none is given); the one before stays good for `graceMs`.
   * Throws TL_TENANT_UNKNOWN, TL_TENANT_INVALID.
   */
  async rotateSecret(
    id: string,
    { secret, graceMs, by }: { secret?: string | undefined; graceMs: number } & By,
  ): Promise<{ secret: string; previousValidUntil: number | null }> {
    return this.write((write) => rotateSecret(write, this.sealed, id, { secret, graceMs, by }));
  }

  /** Ends the secret before the present one. Throws TL_TENANT_UNKNOWN. */
  async endPreviousSecret(id: string, { by }: By = {}): Promise<void> {
    await this.write((write) => endPreviousSecret(write, this.sealed, id, by));
  }

  /**
   * Seals every secret anew under a new envelope key; running processes go on. `discard`: secrets that no key opens are given up,
   * and their tenants' ids returned. Throws TL_TENANTS_KEY_WRONG, TL_TENANT_SECRET_DAMAGED.
   */
  async rotateKey({ discard = false, by }: { discard?: boolean } & By = {}): Promise<{
    keyId: string;
    lost: string[];
  }> {
    const rotated = await this.write(async (write) => {
      const result = await this.sealed.rotate(write, { discard });
      const changes = [
        { field: "key", new: result.keyId },
        ...result.lost.map((id) => ({ field: "secrets lost", old: id })),
      ];
      await audit(write, "key.rotated", null, changes, by);
      return result;
    });
    await this.write((write) => this.sealed.settle(write));
    return rotated;
  }

  /**
   * For the start of a process: finishes what a rotation left half done and seals what is still sealed as before data keys.
   * Throws TL_TENANTS_KEY_WRONG where the key is another than the one that secrets are sealed under.
   */
  async checkKey(): Promise<void> {
    const rows = await this.database.selectFrom("tenants").select(["id", "data_key"]).orderBy("id").execute();
    const old = rows.filter(({ data_key: dataKey }) => dataKey === "");
    if (old.length > 0 || this.sealed.isUnsettled()) {
      await this.write(async (write) => {
        await this.sealed.settle(write);
        for (const { id } of old) await this.sealed.vaultFor(write, id);
      });
    }
    await this.probeKey();
  }

  /** Throws TL_TENANTS_KEY_WRONG where the key opens nothing. */
  async probeKey(): Promise<void> {
    const row = await this.database
      .selectFrom("tenants")
      .select(["id", "data_key"])
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined) this.sealed.probe(row.id, row.data_key);
  }

  /** Tenants by id, without their secrets; all of them unless a page is asked for. */
  async list(
    page: { after?: string | undefined; only?: string | undefined; limit?: number } = {},
  ): Promise<TenantInfo[]> {
    let query = this.database.selectFrom("tenants").selectAll().orderBy("id");
    if (page.after !== undefined) query = query.where("id", ">", page.after);
    if (page.only !== undefined) query = query.where("id", "=", page.only);
    if (page.limit !== undefined) query = query.limit(page.limit);
    return (await query.execute()).map(infoFrom);
  }

  /** One tenant, without its secrets. Throws TL_TENANT_UNKNOWN. */
  info(id: string): Promise<TenantInfo> {
    return infoOf(this.database, id);
  }

  /** What may be shown of a tenant's secrets, by name. Throws TL_TENANT_UNKNOWN and what `find` throws. */
  async hints(
    id: string,
  ): Promise<{ secrets: Record<string, string>; previousWebhookValidUntil: number | null }> {
    const { previousWebhook, ...secrets } = (await this.get(id)).secrets;
    const shown = Object.entries(secrets).map(([name, secret]) => [name, hintOf(secret ?? "")]);
    const until = previousWebhook?.validUntil ?? 0;
    return {
      secrets: Object.fromEntries(shown) as Record<string, string>,
      previousWebhookValidUntil: until > Date.now() ? until : null,
    };
  }

  /** Throws TL_TENANTS_KEY_WRONG and its like where its secrets cannot be opened. */
  find(id: string): Promise<Tenant | undefined> {
    return this.cache.get(id, () => this.load(id));
  }

  /** As `find`; throws TL_TENANT_UNKNOWN. */
  async get(id: string): Promise<Tenant> {
    return (await this.find(id)) ?? unknownTenant(id);
  }

  /** The only tenant, for webhooks that name none; undefined where there are several or none. */
  only(): Promise<Tenant | undefined> {
    // No id is empty.
    return this.cache.get("", async () => {
      const rows = await this.database
        .selectFrom("tenants")
        .select("id")
        .where("id", "!=", verificationTenant)
        .limit(2)
        .execute();
      const [row] = rows;
      return row === undefined || rows.length > 1 ? undefined : this.load(row.id);
    });
  }

  /** Removes the tenant with all its business data; the queue is `removeTenant`'s. Throws TL_TENANT_UNKNOWN. */
  async remove(id: string, { by }: By = {}): Promise<Awaited<ReturnType<typeof deleteRows>>> {
    return this.write(async (write) => {
      const result = await write.deleteFrom("tenants").where("id", "=", id).executeTakeFirst();
      if (result.numDeletedRows === 0n) unknownTenant(id);
      const report = await deleteRows(write, id);
      const counts = Object.entries(report).map(([field, count]) => ({ field, old: count }));
      await audit(write, "tenant.removed", id, counts, by);
      return report;
    });
  }

  /** Every change raises the revision that all processes look at, in the same transaction; its row is the lock of all changes. */
  private async write<T>(work: (write: Write) => Promise<T>): Promise<T> {
    const result = await this.database.transaction().execute(async (write) => {
      await write
        .updateTable("tenants_revision")
        .set({ revision: sql`revision + 1` })
        .execute();
      return work(write);
    });
    this.cache.clear();
    return result;
  }

  private async load(id: string): Promise<Tenant | undefined> {
    const row = await this.database.selectFrom("tenants").selectAll().where("id", "=", id).executeTakeFirst();
    if (row === undefined) return undefined;
    return { ...infoFrom(row), secrets: await this.sealed.read(this.database, id, row.data_key) };
  }
}

function secretChanges(secrets: Readonly<Record<string, string | undefined>>): AuditChange[] {
  return Object.keys(secrets).map((name) => ({ field: `secrets.${name}` }));
}

function refuseMissing(settings: TenantSettings, present: Partial<Record<SecretName, unknown>>): void {
  const missing = missingSecrets(settings, present);
  if (missing.length === 0) return;
  invalid(
    missing.map((one) => ({
      field: `secrets.${one}`,
      message: `is needed for a desk of kind ${settings.desk.kind}`,
    })),
  );
}
