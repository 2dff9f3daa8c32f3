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
    /** Opens its secrets; itself sealed under an envelope key. Empty: its secrets are sealed as before there were data keys. */
    data_key: string;
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
  tenants_revision: {
    id: number;
    revision: number;
    /** The envelope key that all data keys are sealed under; null: there is none yet. */
    key_id: string | null;
  };
  /** Append-only, by triggers. Each row's hash covers the one before it. */
  audit_log: {
    /** 1, 2, 3: without a gap. */
    seq: number;
    at: number;
    actor: string;
    action: string;
    tenant_id: string | null;
    /** `AuditChange[]` as JSON. */
    changes: string;
    previous_hash: string;
    hash: string;
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
    /** JSON array of strings: `version:2.1`, `permission:staff`, or a word of its own. */
    labels: Generated<string>;
    /** Where it came from: an imported folder, or the desk's solutions. */
    origin: Generated<"folder" | "desk">;
  };
  inventory: {
    tenant_id: string;
    /** The first of address, network, host name and asset tag that it has. */
    id: string;
    ip: string | null;
    /** Network in its one spelling: `10.1.0.0/16`. */
    cidr: string | null;
    hostname: string;
    asset_tag: string;
    role: string;
    client: string;
    location: string;
    origin: Generated<"file" | "desk">;
    /** What it is looked up by: the whole host name, its first label, the tag (lower case), the address as 32 hex digits. */
    host_key: string;
    short_key: string;
    asset_key: string;
    ip_key: string | null;
  };
  /** The vocabulary of a tenant's tickets and documents. */
  search_words: { id: Generated<number>; tenant_id: string; word: string };
  /** What is known of a tenant's context: no row, nothing was ever imported. */
  context_state: {
    tenant_id: string;
    /** Grows with each change of history, documents or inventory: what was found before is found anew. 0: nothing was stored yet. */
    version: number;
    /** When the desk's solutions and assets were last read whole, and why that failed last. */
    desk_synced_at: number | null;
    desk_sync_error: string | null;
  };
  enhancements: EnhancementRow;
  feedback: {
    id: string;
    enhancement_id: string;
    tenant_id: string;
    ticket_id: string;
    rating: "up" | "down";
    reason: string;
    created_at: number;
  };
  model_spending: {
    tenant_id: string;
    /** A day, `2026-11-24` (UTC), or `ticket:ID`. */
    scope: string;
    /** Billionths of a US dollar: sums stay exact. */
    nano_usd: number;
    tokens: number;
    updated_at: number;
  };
  /** `all`: off stops every note. */
  note_switch: { name: string; off: number; changed_at: number };
}

/** One row for each ended attempt at a ticket. */
export interface EnhancementRow {
  /** Random; stands in feedback links. */
  id: string;
  tenant_id: string;
  ticket_id: string;
  job_id: string;
  attempt: number;
  trace_id: string;
  created_at: number;
  status: "success" | "partial" | "skipped" | "failed";
  /** What became of the note; `approving`: a person said yes and the desk is being asked. */
  delivery: "written" | "draft" | "approving" | "discarded" | "shadow" | "none";
  /** Why it failed, was skipped or is partial. */
  reason: string | null;
  note_id: string | null;
  /** Idempotency key of its note on the desk. */
  marker: string;
  /** SHA-256 of `input`. */
  input_hash: string;
  /** JSON of the ticket as it was read, credentials hidden. */
  input: string;
  /** JSON array of `Source`. */
  sources: string;
  /** JSON of the note without its sources; null where none was written. */
  note: string | null;
  prompt_version: string | null;
  writer: "model" | "extractive" | null;
  model: string | null;
  input_tokens: number | null;
  output_tokens: number | null;
  cached_tokens: number | null;
  cost_usd: number | null;
  claims_removed: number;
  /** JSON: milliseconds by phase. */
  latency: string;
  /** When and by whom a draft was approved or discarded. */
  decided_at: number | null;
  decided_by: string | null;
}

/** Business data. Statements are written through Kysely for both databases; nothing inside a transaction may wait for anything else. */
export type EnhancerDatabase = Kysely<BusinessTables>;
