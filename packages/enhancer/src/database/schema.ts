import type { Generated, Kysely } from "kysely";

/**
 * Business data: in SQLite, or in PostgreSQL with --postgres. Times are milliseconds since the epoch, truth values 0 and 1,
 * structured values JSON as text: the same in both.
 */
export interface BusinessTables {
  tenants: {
    id: string;
    /** Sealed by the vault, as is `desk_key`. */
    secret: string;
    desk_url: string;
    desk_key: string;
    /** 1: an outside `traceparent` continues its trace; 0: it becomes a link. */
    trusts_traceparent: number;
    created_at: number;
  };
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
