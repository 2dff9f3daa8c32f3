import { trace, type Tracer } from "@opentelemetry/api";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { gatherContext, type GatherDependencies } from "../../packages/enhancer/src/context/gather.ts";
import { replaceDocument } from "../../packages/enhancer/src/history/store-document.ts";
import { type System, upsertSystems } from "../../packages/enhancer/src/history/store-systems.ts";
import { type ResolvedTicket, storeTickets } from "../../packages/enhancer/src/history/store-tickets.ts";
import { type EnhancerStore, openEnhancerStore } from "../../packages/enhancer/src/store.ts";
import type { GatheredContext } from "../../packages/enhancer/src/ticket.ts";
import { startPostgresIn } from "../servers.ts";

export type DatabaseName = "SQLite" | "PostgreSQL";
export const databases: readonly DatabaseName[] = ["SQLite", "PostgreSQL"];

const tables = ["ticket_history", "documents", "inventory", "search_words", "context_state"] as const;

/** One store of each kind for the tests of a file; each call of `open` empties it. */
export function bothDatabases() {
  let directory: string;
  let postgresUrl: string;
  const ends: (() => Promise<void>)[] = [];
  const stores = new Map<DatabaseName, Promise<TestContext>>();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "throughline-context-"));
    // The server runs as another user: it needs a directory of its own.
    const serverDirectory = await mkdtemp(join(tmpdir(), "throughline-postgres-"));
    ends.push(() => rm(serverDirectory, { recursive: true, force: true }));
    const { url } = await startPostgresIn(
      join(serverDirectory, "data"),
      undefined,
      (end) => void ends.push(end),
    );
    postgresUrl = url;
  });
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
    await rm(directory, { recursive: true, force: true });
  });

  const make = async (kind: DatabaseName) => {
    const data = await mkdtemp(join(directory, "data-"));
    const postgres = kind === "SQLite" ? undefined : postgresUrl;
    const store = openEnhancerStore(data, postgres === undefined ? {} : { postgres });
    ends.push(() => store.close());
    return new TestContext(store, data, postgres);
  };
  return {
    open: async (kind: DatabaseName): Promise<TestContext> => {
      const made = stores.get(kind) ?? make(kind);
      stores.set(kind, made);
      const { store } = await made;
      for (const table of tables) await store.database.deleteFrom(table).execute();
      return made;
    },
  };
}

export class TestContext {
  readonly store: EnhancerStore;
  readonly data: string;
  readonly postgres: string | undefined;

  constructor(store: EnhancerStore, data: string, postgres: string | undefined) {
    this.store = store;
    this.data = data;
    this.postgres = postgres;
  }

  /** Tickets of a tenant: `id: subject | resolution | description`, or as objects. */
  async tickets(tenantId: string, tickets: readonly (string | ResolvedTicket)[]): Promise<void> {
    await storeTickets(
      this.store.database,
      tenantId,
      tickets.map((ticket) => {
        if (typeof ticket !== "string") return ticket;
        const [, id = "", rest = ""] = /^(\S+): (.*)$/s.exec(ticket) ?? [];
        const [subject = "", resolution = `Done: ${id}.`, description = ""] = rest.split(" | ");
        return { ticket_id: id, subject, resolution, description };
      }),
    );
  }

  async document(
    tenantId: string,
    path: string,
    body: string,
    labels: readonly string[] = [],
  ): Promise<void> {
    const title = path.replace(/\.md$/, "");
    await replaceDocument(this.store.database, tenantId, {
      path,
      origin: "folder",
      labels,
      sections: body === "" ? [] : [{ anchor: "", title, body }],
    });
  }

  async systems(tenantId: string, systems: readonly Partial<System>[]): Promise<void> {
    const empty = { ip: null, cidr: null, hostname: "", assetTag: "", role: "", client: "", location: "" };
    await upsertSystems(
      this.store.database,
      tenantId,
      systems.map((system) => ({ ...empty, ...system })),
    );
  }

  gather(
    tenantId: string,
    description: string,
    options: Partial<GatherDependencies> & { ticketId?: string; subject?: string; tracer?: Tracer } = {},
  ): Promise<GatheredContext> {
    const { ticketId = "NEW-1", subject, ...deps } = options;
    return gatherContext(
      {
        tenantId,
        ticketId,
        event: "ticket.created",
        description,
        priority: "low",
        createdAt: "2026-11-01T00:00:00Z",
        ...(subject === undefined ? {} : { subject }),
      },
      {
        search: this.store.context,
        tracer: trace.getTracer("unregistered"),
        budgetMs: 30_000,
        signal: new AbortController().signal,
        ...deps,
      },
    );
  }

  async ticketIds(tenantId: string, description: string): Promise<string[]> {
    const { tickets, missing } = await this.gather(tenantId, description);
    if (missing.length > 0) throw new Error(JSON.stringify(missing));
    return tickets.map(({ id }) => id);
  }
}
