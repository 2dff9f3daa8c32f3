import type { Generated, Kysely } from "kysely";

/**
 * Business data: in SQLite, or in PostgreSQL with --postgres. Times are milliseconds since the epoch, truth values 0 and 1,
 * structured values JSON as text: the same in both.
 */
export interface BusinessTables {
  tenants: {
    id: string;
    /** `TenantSettings` as JSON. */
    settings: string;
    /** Grows with each change of this tenant. */
    revision: number;
    created_at: number;
    updated_at: number;
  };
  tenant_secrets: {
    tenant_id: string;
    /** A name of `TenantSecrets`, or `previousWebhook`. */
    name: string;
    /** By the vault. */
    sealed: string;
    /** Of a secret that was rotated out. */
    valid_until: number | null;
  };
  /** One row: grows with each change of any tenant, so that other processes notice. */
  tenants_revision: { id: number; revision: number };
  ticket_history: {
    rowid: Generated<number>;
    tenant_id: string;
    ticket_id: string;
    subject: string;
    description: string;
    resolution: string;
    resolved_at: number | null;
    priority: string | null;
    /** JSON array of strings. */
    tags: string;
  };
  documents: {
    rowid: Generated<number>;
    tenant_id: string;
    /** Path below the imported folder. */
    path: string;
    /** Unique within the document; empty for the part before the first heading. */
    anchor: string;
    /** Headings from the document's title down to the section, joined by ` > `. */
    title: string;
    body: string;
  };
  inventory: {
    tenant_id: string;
    ip: string;
    hostname: string;
    role: string;
    client: string;
    location: string;
  };
}

/** Business data. Statements are written through Kysely for both databases; nothing inside a transaction may wait for anything else. */
export type EnhancerDatabase = Kysely<BusinessTables>;
