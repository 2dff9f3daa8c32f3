import { type FieldError, ThroughlineError } from "@throughline/api";
import { sql, type Transaction } from "kysely";
import { z } from "zod";
import type { BusinessTables, EnhancerDatabase } from "../database/schema.ts";
import {
  missingSecrets,
  type SecretName,
  secretNames,
  tenantId,
  tenantSecrets,
  type TenantSecrets,
  type TenantSettings,
  type TenantSettingsInput,
  tenantSettings,
} from "./settings.ts";
import { TenantCache } from "./tenant-cache.ts";
import type { Vault } from "./vault.ts";

export interface TenantInfo {
  id: string;
  settings: TenantSettings;
  /** Grows with each change. */
  revision: number;
  /** Milliseconds since the epoch. */
  createdAt: number;
  updatedAt: number;
}

export interface Tenant extends TenantInfo {
  secrets: TenantSecrets & {
    /** The webhook secret before the present one, good for a while after a rotation. */
    previousWebhook?: { secret: string; validUntil: number };
  };
}

/** Secrets that a webhook may be signed with now, the present one first. */
export function webhookSecrets({ secrets }: Pick<Tenant, "secrets">, nowMs = Date.now()): string[] {
  const { webhook, previousWebhook: previous } = secrets;
  return previous !== undefined && previous.validUntil > nowMs ? [webhook, previous.secret] : [webhook];
}

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

/** What goes with a tenant. */
const tablesOfTenants = [
  "tenant_secrets",
  "ticket_history",
  "documents",
  "inventory",
  "search_words",
  "context_state",
  "feedback",
  "model_spending",
  "enhancements",
] as const;

/** Rows beside `secretNames` in `tenant_secrets`. */
const previousWebhook = "previousWebhook";

/**
 * Tenants and their secrets. Kept in memory: a change by this process counts at once, one by another process within a second.
 */
export class Tenants {
  private readonly database: EnhancerDatabase;
  private readonly vault: Vault;
  private readonly cache: TenantCache<Tenant | undefined>;

  constructor(database: EnhancerDatabase, vault: Vault) {
    this.database = database;
    this.vault = vault;
    this.cache = new TenantCache(async () => {
      const row = await database.selectFrom("tenants_revision").select("revision").executeTakeFirst();
      return row?.revision ?? 0;
    });
  }

  /** Throws TL_TENANT_INVALID naming the fields, TL_TENANT_EXISTS. */
  async add(input: NewTenant): Promise<Tenant> {
    const { id, settings, secrets } = parse(newTenant, input);
    refuseMissing(settings, secrets);
    const now = Date.now();
    await this.write(async (transaction) => {
      const row = {
        id,
        settings: JSON.stringify(settings),
        revision: 1,
        created_at: now,
        updated_at: now,
      };
      const result = await transaction
        .insertInto("tenants")
        .values(row)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (result.numInsertedOrUpdatedRows === 0n)
        throw new ThroughlineError("TL_TENANT_EXISTS", `There is a tenant "${id}" already.`);
      await this.keep(transaction, id, secrets);
    });
    return { id, settings, secrets, revision: 1, createdAt: now, updatedAt: now };
  }

  /** Throws TL_TENANT_UNKNOWN, TL_TENANT_INVALID, and TL_REVISION_STALE where it has another revision than `ifRevision`. */
  async change(
    id: string,
    change: TenantChange,
    { ifRevision }: { ifRevision?: number | undefined } = {},
  ): Promise<TenantInfo> {
    const secrets = parse(tenantSecrets.partial(), change.secrets ?? {}, "secrets.");
    return this.write(async (transaction) => {
      const before = await infoOf(transaction, id);
      if (ifRevision !== undefined && ifRevision !== before.revision) {
        throw new ThroughlineError(
          "TL_REVISION_STALE",
          `The tenant "${id}" has revision ${before.revision}, not ${ifRevision}.`,
        );
      }
      const settings = parse(tenantSettings, merged(before.settings, change.settings ?? {}), "settings.");
      const kept = await transaction
        .selectFrom("tenant_secrets")
        .select("name")
        .where("tenant_id", "=", id)
        .execute();
      refuseMissing(settings, { ...Object.fromEntries(kept.map(({ name }) => [name, true])), ...secrets });
      const after = { ...before, settings, revision: before.revision + 1, updatedAt: Date.now() };
      await transaction
        .updateTable("tenants")
        .set({ settings: JSON.stringify(settings), revision: after.revision, updated_at: after.updatedAt })
        .where("id", "=", id)
        .execute();
      await this.keep(transaction, id, secrets);
      return after;
    });
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

  /** Throws TL_DATA_DIRECTORY_UNUSABLE where its secrets cannot be opened. */
  find(id: string): Promise<Tenant | undefined> {
    return this.cache.get(id, () => this.load(id));
  }

  /** As `find`; throws TL_TENANT_UNKNOWN. */
  async get(id: string): Promise<Tenant> {
    return (await this.find(id)) ?? unknown(id);
  }

  /** The only tenant, for webhooks that name none; undefined where there are several or none. */
  only(): Promise<Tenant | undefined> {
    // No id is empty.
    return this.cache.get("", async () => {
      const rows = await this.database.selectFrom("tenants").select("id").limit(2).execute();
      const [row] = rows;
      return row === undefined || rows.length > 1 ? undefined : this.load(row.id);
    });
  }

  /** Removes the tenant with its history, documents and inventory; jobs stay as a record. Throws TL_TENANT_UNKNOWN. */
  async remove(id: string): Promise<void> {
    await this.write(async (transaction) => {
      const result = await transaction.deleteFrom("tenants").where("id", "=", id).executeTakeFirst();
      if (result.numDeletedRows === 0n) unknown(id);
      for (const table of tablesOfTenants) {
        await transaction.deleteFrom(table).where("tenant_id", "=", id).execute();
      }
    });
  }

  /** Every change raises the revision that all processes look at, in the same transaction. */
  private async write<T>(work: (transaction: Transaction<BusinessTables>) => Promise<T>): Promise<T> {
    const result = await this.database.transaction().execute(async (transaction) => {
      await transaction
        .updateTable("tenants_revision")
        .set({ revision: sql`revision + 1` })
        .execute();
      return work(transaction);
    });
    this.cache.clear();
    return result;
  }

  private async keep(
    transaction: Transaction<BusinessTables>,
    id: string,
    secrets: Readonly<Partial<Record<SecretName, string | undefined>>>,
  ): Promise<void> {
    for (const name of secretNames) {
      const secret = secrets[name];
      if (secret === undefined) continue;
      const row = { tenant_id: id, name, sealed: this.vault.seal(secret), valid_until: null };
      await transaction
        .insertInto("tenant_secrets")
        .values(row)
        .onConflict((conflict) => conflict.columns(["tenant_id", "name"]).doUpdateSet({ sealed: row.sealed }))
        .execute();
    }
  }

  private async load(id: string): Promise<Tenant | undefined> {
    const [row, rows] = await Promise.all([
      this.database.selectFrom("tenants").selectAll().where("id", "=", id).executeTakeFirst(),
      this.database.selectFrom("tenant_secrets").selectAll().where("tenant_id", "=", id).execute(),
    ]);
    if (row === undefined) return undefined;
    const opened = new Map(rows.map(({ name, sealed }) => [name, this.vault.open(sealed)]));
    const known = secretNames.map((name): [SecretName, string | undefined] => [name, opened.get(name)]);
    const secrets: Tenant["secrets"] = parse(
      tenantSecrets,
      Object.fromEntries(known.filter(([, secret]) => secret !== undefined)),
      "secrets.",
    );
    const secret = opened.get(previousWebhook);
    const validUntil = rows.find(({ name }) => name === previousWebhook)?.valid_until;
    if (secret !== undefined && typeof validUntil === "number")
      secrets.previousWebhook = { secret, validUntil };
    return { ...infoFrom(row), secrets };
  }
}

async function infoOf(database: EnhancerDatabase, id: string): Promise<TenantInfo> {
  const row = await database.selectFrom("tenants").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? unknown(id) : infoFrom(row);
}

function infoFrom(row: BusinessTables["tenants"]): TenantInfo {
  return {
    id: row.id,
    settings: parse(tenantSettings, JSON.parse(row.settings)),
    revision: row.revision,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** Plain objects are merged, anything else is replaced. A desk of another kind has other fields: it is taken whole. */
function merged(before: unknown, change: unknown): unknown {
  if (!isPlain(before) || !isPlain(change)) return change;
  if ("kind" in before && "kind" in change && before["kind"] !== change["kind"]) return change;
  const result = { ...before };
  for (const [key, value] of Object.entries(change)) result[key] = merged(before[key], value);
  return result;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

function parse<T extends z.ZodType>(schema: T, input: unknown, prefix = ""): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  return invalid(
    parsed.error.issues.flatMap((issue): FieldError[] => {
      const path = prefix + issue.path.join(".");
      if (issue.code !== "unrecognized_keys") return [{ field: path, message: issue.message }];
      return issue.keys.map((key) => ({
        field: path === "" ? key : `${path}.${key}`,
        message: "is not a known setting",
      }));
    }),
  );
}

function invalid(fields: FieldError[]): never {
  const text = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new ThroughlineError("TL_TENANT_INVALID", text, { fields });
}

function unknown(id: string): never {
  throw new ThroughlineError("TL_TENANT_UNKNOWN", `There is no tenant "${id}".`);
}
