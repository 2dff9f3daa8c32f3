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

/** Queue data: always in SQLite, in the same file as business data where that is in SQLite too. */
export interface QueueTables {
  jobs: {
    id: string;
    tenant_id: string;
    ticket_id: string;
    /** `Ticket` as JSON. */
    ticket: string;
    /** 0 critical .. 3 low: taken in this order. */
    priority: number;
    state: "waiting" | "active" | "done" | "dead";
    /** Attempts that ended. */
    attempts: Generated<number>;
    /** After this many the job is dead; a manual retry raises it. */
    attempts_allowed: number;
    /** How often a worker took it; more than `attempts` after a crash. */
    takes: Generated<number>;
    available_at: number;
    leased_until: number | null;
    /** `host:pid:uuid` of the worker that holds it. */
    lease_owner: string | null;
    /** Set durably before the desk is asked to write: from then on a note may exist. */
    write_started_at: number | null;
    note_id: string | null;
    status: "success" | "partial" | "skipped" | "failed" | null;
    reason: string | null;
    traceparent: string;
    tracestate: string;
    enqueued_at: number;
    /** Slowness is measured from here: the webhook, the latest manual retry, or the end of a pause that it waited through. */
    clock_started_at: number;
    finished_at: number | null;
    /** Milliseconds after which this trace is slow, where a rule of the receiver says so. */
    slow_after_ms: number | null;
    /** `JobOrigin` as JSON, where the trace was not sampled. */
    origin: string | null;
  };
  /** One row: is the queue paused? */
  queue_state: { name: string; paused: number };
}

/** Business data. Statements are written through Kysely for both databases; nothing inside a transaction may wait for anything else. */
export type EnhancerDatabase = Kysely<BusinessTables>;

export type QueueDatabase = Kysely<QueueTables>;
