import { type FieldError, ThroughlineError } from "@throughline/api";
import { z } from "zod";
import type { BusinessTables, EnhancerDatabase } from "../database/schema.ts";
import type { Vault } from "./vault.ts";

export interface Tenant {
  id: string;
  /** HMAC secret of the tenant's webhooks. */
  secret: string;
  /** Base address of the desk's API. */
  deskUrl: string;
  /** Technician key. */
  deskKey: string;
  trustsTraceparent: boolean;
  createdAt: number;
}

const newTenant = z.strictObject({
  id: z
    .string()
    .min(1)
    .max(100)
    .regex(/^[a-z0-9-]+$/, "must be of a-z, 0-9 and -"),
  secret: z.string().min(1, "must not be empty").max(1_000),
  deskUrl: z.url({ protocol: /^https?$/, error: "must be an http or https address" }).max(2_000),
  deskKey: z.string().min(1).max(4_000),
  trustsTraceparent: z.boolean(),
});
export type NewTenant = z.infer<typeof newTenant>;

/** Tenants and their secrets. Read at each use: a change by another process counts at once. */
export class Tenants {
  private readonly database: EnhancerDatabase;
  private readonly vault: Vault;

  constructor(database: EnhancerDatabase, vault: Vault) {
    this.database = database;
    this.vault = vault;
  }

  /** Throws TL_TENANT_INVALID naming the fields, TL_TENANT_EXISTS. */
  async add(input: NewTenant): Promise<Tenant> {
    const parsed = newTenant.safeParse(input);
    if (!parsed.success) {
      const fields: FieldError[] = parsed.error.issues.map((issue) => ({
        field: issue.path.join("."),
        message: issue.message,
      }));
      const text = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
      throw new ThroughlineError("TL_TENANT_INVALID", text, { fields });
    }
    const tenant = { ...parsed.data, createdAt: Date.now() };
    const row = {
      id: tenant.id,
      secret: this.vault.seal(tenant.secret),
      desk_url: tenant.deskUrl,
      desk_key: this.vault.seal(tenant.deskKey),
      trusts_traceparent: tenant.trustsTraceparent ? 1 : 0,
      created_at: tenant.createdAt,
    };
    const result = await this.database
      .insertInto("tenants")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if (result.numInsertedOrUpdatedRows === 0n) {
      throw new ThroughlineError("TL_TENANT_EXISTS", `There is a tenant "${tenant.id}" already.`);
    }
    return tenant;
  }

  async list(): Promise<Tenant[]> {
    const rows = await this.database.selectFrom("tenants").selectAll().orderBy("id").execute();
    return rows.map((row) => this.fromRow(row));
  }

  async find(id: string): Promise<Tenant | undefined> {
    const row = await this.database.selectFrom("tenants").selectAll().where("id", "=", id).executeTakeFirst();
    return row === undefined ? undefined : this.fromRow(row);
  }

  /** Throws TL_TENANT_UNKNOWN. */
  async get(id: string): Promise<Tenant> {
    const tenant = await this.find(id);
    if (tenant === undefined) throw new ThroughlineError("TL_TENANT_UNKNOWN", `There is no tenant "${id}".`);
    return tenant;
  }

  /** The only tenant, for webhooks that name none; undefined where there are several or none. */
  async only(): Promise<Tenant | undefined> {
    const rows = await this.database.selectFrom("tenants").selectAll().limit(2).execute();
    const [row] = rows;
    return row === undefined || rows.length > 1 ? undefined : this.fromRow(row);
  }

  /** Removes the tenant with its history, documents and inventory; jobs stay as a record. Throws TL_TENANT_UNKNOWN. */
  async remove(id: string): Promise<void> {
    await this.database.transaction().execute(async (transaction) => {
      const result = await transaction.deleteFrom("tenants").where("id", "=", id).executeTakeFirst();
      if (result.numDeletedRows === 0n)
        throw new ThroughlineError("TL_TENANT_UNKNOWN", `There is no tenant "${id}".`);
      for (const table of ["ticket_history", "documents", "inventory"] as const) {
        await transaction.deleteFrom(table).where("tenant_id", "=", id).execute();
      }
    });
  }

  private fromRow(row: BusinessTables["tenants"]): Tenant {
    return {
      id: row.id,
      secret: this.vault.open(row.secret),
      deskUrl: row.desk_url,
      deskKey: this.vault.open(row.desk_key),
      trustsTraceparent: row.trusts_traceparent === 1,
      createdAt: row.created_at,
    };
  }
}
