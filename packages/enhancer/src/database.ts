import { ThroughlineError } from "@throughline/api";
import { type Generated, Kysely, SqliteDialect, sql } from "kysely";
import { existsSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** All state of the enhancer: one SQLite file. Times are milliseconds since the epoch. */
export interface Database {
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
    status: "success" | "partial" | "failed" | null;
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

export type EnhancerDatabase = Kysely<Database>;

/**
 * Forward-only; index + 1 is the `user_version` it leads to. Never edit one that was released.
 * FTS5 tables are external-content, kept equal by triggers.
 */
const migrations: readonly string[] = [
  `
  create table tenants (
    id text primary key, secret text not null, desk_url text not null, desk_key text not null,
    trusts_traceparent integer not null default 0, created_at integer not null
  ) strict;

  create table jobs (
    id text primary key, tenant_id text not null, ticket_id text not null, ticket text not null,
    priority integer not null, state text not null check (state in ('waiting','active','done','dead')),
    attempts integer not null default 0, attempts_allowed integer not null, takes integer not null default 0,
    available_at integer not null, leased_until integer, lease_owner text, write_started_at integer,
    note_id text, status text, reason text, traceparent text not null, tracestate text not null,
    enqueued_at integer not null, clock_started_at integer not null, finished_at integer
  ) strict;
  create index jobs_due on jobs (priority, available_at) where state = 'waiting';
  create index jobs_leased on jobs (leased_until) where state = 'active';
  create index jobs_by_ticket on jobs (ticket_id, tenant_id);
  create index jobs_recent on jobs (enqueued_at);

  create table queue_state (name text primary key, paused integer not null default 0) strict;

  create table ticket_history (
    rowid integer primary key, tenant_id text not null, ticket_id text not null, subject text not null,
    description text not null, resolution text not null, resolved_at integer, priority text, tags text not null,
    unique (tenant_id, ticket_id)
  ) strict;
  create virtual table ticket_history_fts using fts5 (
    subject, description, resolution, tags, content='ticket_history', content_rowid='rowid', tokenize='porter unicode61'
  );
  create trigger ticket_history_ai after insert on ticket_history begin
    insert into ticket_history_fts (rowid, subject, description, resolution, tags)
    values (new.rowid, new.subject, new.description, new.resolution, new.tags);
  end;
  create trigger ticket_history_ad after delete on ticket_history begin
    insert into ticket_history_fts (ticket_history_fts, rowid, subject, description, resolution, tags)
    values ('delete', old.rowid, old.subject, old.description, old.resolution, old.tags);
  end;
  create trigger ticket_history_au after update on ticket_history begin
    insert into ticket_history_fts (ticket_history_fts, rowid, subject, description, resolution, tags)
    values ('delete', old.rowid, old.subject, old.description, old.resolution, old.tags);
    insert into ticket_history_fts (rowid, subject, description, resolution, tags)
    values (new.rowid, new.subject, new.description, new.resolution, new.tags);
  end;

  create table documents (
    rowid integer primary key, tenant_id text not null, path text not null, anchor text not null,
    title text not null, body text not null, unique (tenant_id, path, anchor)
  ) strict;
  create virtual table documents_fts using fts5 (
    title, body, content='documents', content_rowid='rowid', tokenize='porter unicode61'
  );
  create trigger documents_ai after insert on documents begin
    insert into documents_fts (rowid, title, body) values (new.rowid, new.title, new.body);
  end;
  create trigger documents_ad after delete on documents begin
    insert into documents_fts (documents_fts, rowid, title, body) values ('delete', old.rowid, old.title, old.body);
  end;
  create trigger documents_au after update on documents begin
    insert into documents_fts (documents_fts, rowid, title, body) values ('delete', old.rowid, old.title, old.body);
    insert into documents_fts (rowid, title, body) values (new.rowid, new.title, new.body);
  end;

  create table inventory (
    tenant_id text not null, ip text not null, hostname text not null, role text not null,
    client text not null, location text not null, primary key (tenant_id, ip)
  ) strict;
  `,
  `
  alter table jobs add column slow_after_ms integer;
  alter table jobs add column origin text;
  `,
];

/** How long a writer waits for another process's lock. The wait blocks the thread: keep it short where requests are served. */
const busyTimeoutMs = 1_000;

/**
 * Opens (and where needed creates or migrates) the file. Several processes may hold it open.
 * Throws TL_DATA_VERSION_UNKNOWN for a file of a later version and TL_DATA_DIRECTORY_UNUSABLE where it cannot be opened.
 */
export function openDatabase(file: string, options: { busyTimeoutMs?: number } = {}): EnhancerDatabase {
  const isNew = !existsSync(file);
  let sqlite: DatabaseSync;
  try {
    sqlite = new DatabaseSync(file, { timeout: options.busyTimeoutMs ?? busyTimeoutMs });
    // WAL lets readers and one writer work side by side; FULL syncs each commit: a 202 survives power loss.
    sqlite.exec("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on");
    migrate(sqlite, file);
  } catch (error) {
    if (error instanceof ThroughlineError) throw error;
    const what = isNew ? "cannot be created" : "cannot be opened";
    throw new ThroughlineError("TL_DATA_DIRECTORY_UNUSABLE", `${file} ${what}: ${String(error)}`, {
      cause: error,
    });
  }
  return new Kysely<Database>({ dialect: new SqliteDialect({ database: forKysely(sqlite) }) });
}

function migrate(sqlite: DatabaseSync, file: string): void {
  sqlite.exec("begin immediate");
  try {
    const version = Number(sqlite.prepare("pragma user_version").get()?.["user_version"] ?? 0);
    if (version > migrations.length) {
      throw new ThroughlineError(
        "TL_DATA_VERSION_UNKNOWN",
        `${file} has schema version ${version}; this program knows up to ${migrations.length}.`,
      );
    }
    for (const statements of migrations.slice(version)) sqlite.exec(statements);
    if (version < migrations.length) sqlite.exec(`pragma user_version = ${migrations.length}`);
    sqlite.exec("commit");
  } catch (error) {
    sqlite.exec("rollback");
    throw error;
  }
}

/** Kysely speaks to SQLite through better-sqlite3's interface; `node:sqlite` offers the same under other names. */
function forKysely(sqlite: DatabaseSync) {
  const cache = new Map<string, { statement: StatementSync; reader: boolean }>();
  const prepare = (text: string) => {
    const known = cache.get(text);
    if (known !== undefined) return known;
    // A deferred transaction that turns into a writer fails at once when another process writes: take the lock first.
    const statement = sqlite.prepare(text === "begin" ? "begin immediate" : text);
    const prepared = { statement, reader: statement.columns().length > 0 };
    if (cache.size >= 500) cache.clear();
    cache.set(text, prepared);
    return prepared;
  };
  const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
  return {
    close: () => {
      cache.clear();
      sqlite.close();
    },
    prepare: (text: string) => {
      const { statement, reader } = prepare(text);
      return {
        reader,
        all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
        run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...values(parameters)),
      };
    },
  };
}

/** A cheap read that fails when the file cannot be read. */
export async function pingDatabase(database: EnhancerDatabase): Promise<void> {
  await sql`select 1 from queue_state limit 1`.execute(database);
}
