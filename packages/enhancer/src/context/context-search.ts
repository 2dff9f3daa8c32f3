import { createHash } from "node:crypto";
import type { DirectStatements } from "../database/direct-statements.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { ContextPart, Source } from "../ticket.ts";
import type { RanStatement } from "./search/index-reader.ts";
import type { LabelRules, SearchedDatabase, SearchedTicket } from "./search/requests.ts";
import { SearchFailed, SearchPool } from "./search/search-pool.ts";
import { SharedResults } from "./shared-results.ts";
import { mentionsIn } from "./systems/mentions.ts";

/** How long what was found may be found again unasked. A change of the tenant's context ends it at once. */
const keptMs: Record<ContextPart, number> = {
  ticket_history: 300_000,
  documentation: 3_600_000,
  ip_lookup: 300_000,
};

export interface PartResult {
  sources: Source[];
  /** Addresses, hosts and assets that the ticket names. */
  mentions: number;
  cacheHit: boolean;
  /** Those that ran for this result; none where it was kept. */
  statements: RanStatement[];
}

interface Kept {
  sources: Source[];
  mentions: number;
  statements: RanStatement[];
}

/** Searches a tenant's context in threads of its own and keeps what was found. One for each process. */
export class ContextSearch {
  readonly system: "sqlite" | "postgresql";
  private readonly database: EnhancerDatabase;
  private readonly direct: DirectStatements | undefined;
  private readonly pool: SearchPool;
  private readonly results = new SharedResults<Kept>();
  /** The parts of a ticket ask at the same moment: one look serves them. */
  private readonly versions = new Map<string, Promise<number | undefined>>();

  constructor(database: EnhancerDatabase, searched: SearchedDatabase, direct?: DirectStatements) {
    this.database = database;
    this.direct = direct;
    this.pool = new SearchPool(searched);
    this.system = "file" in searched ? "sqlite" : "postgresql";
  }

  /** Rejects with the signal's reason when it fires, with SearchFailed where the database does. */
  async search(
    part: ContextPart,
    ticket: SearchedTicket,
    rules: LabelRules,
    options: { signal: AbortSignal; budgetMs: number },
  ): Promise<PartResult> {
    const version = await this.versionOf(ticket.tenantId);
    options.signal.throwIfAborted();
    if (version === undefined) return nothing(part, ticket);
    // The ticket's own id is not in the key: tickets with the same text share what is found. One that stands in the history is sought without itself.
    const anonymous = { ...ticket, ticketId: "" };
    const shared = await this.find(part, anonymous, rules, version, options);
    const isIts = shared.sources.some(
      (source) => source.id === ticket.ticketId || isAlike(source, ticket.ticketId),
    );
    return part === "ticket_history" && isIts ? this.find(part, ticket, rules, version, options) : shared;
  }

  /**
   * Starts a search thread where any tenant has something to search: the first ticket would wait until its code is loaded. Where there
   * is nothing, nothing is started, and the process stays as small as it is.
   */
  async warm(): Promise<void> {
    const searched = await this.database
      .selectFrom("context_state")
      .select("tenant_id")
      .where("version", ">", 0)
      .limit(1)
      .executeTakeFirst();
    if (searched !== undefined) this.pool.warm();
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  private async find(
    part: ContextPart,
    ticket: SearchedTicket,
    rules: LabelRules,
    version: number,
    { signal, budgetMs }: { signal: AbortSignal; budgetMs: number },
  ): Promise<PartResult> {
    const text = createHash("sha256").update(`${ticket.subject}\u0000${ticket.description}`).digest("base64");
    const key = JSON.stringify([
      ticket.tenantId,
      part,
      version,
      ticket.ticketId,
      text,
      part === "documentation" ? rules : "",
    ]);
    const { value, hit } = await this.results.get(key, {
      signal,
      keepMs: keptMs[part],
      make: (end) => this.ask(part, ticket, rules, { signal: end, deadline: Date.now() + budgetMs }),
    });
    return { ...value, cacheHit: hit, statements: hit ? [] : value.statements };
  }

  private async ask(
    part: ContextPart,
    ticket: SearchedTicket,
    rules: LabelRules,
    options: { signal: AbortSignal; deadline: number },
  ): Promise<Kept> {
    const { outcome, statements } = await this.pool.search(part, ticket, rules, options);
    if ("error" in outcome) throw new SearchFailed(outcome.error);
    if ("stopped" in outcome) throw new DOMException("The search took too long.", "TimeoutError");
    return { ...outcome, statements };
  }

  private versionOf(tenantId: string): Promise<number | undefined> {
    const asked = this.versions.get(tenantId);
    if (asked !== undefined) return asked;
    const version = this.readVersion(tenantId);
    this.versions.set(tenantId, version);
    queueMicrotask(() => this.versions.delete(tenantId));
    return version;
  }

  /** undefined: nothing was ever imported for the tenant. */
  private async readVersion(tenantId: string): Promise<number | undefined> {
    const row =
      this.direct === undefined
        ? await this.database
            .selectFrom("context_state")
            .select("version")
            .where("tenant_id", "=", tenantId)
            .executeTakeFirst()
        : this.direct.get<{ version: number }>(
            "select version from context_state where tenant_id = ?",
            tenantId,
          );
    return row === undefined || row.version === 0 ? undefined : row.version;
  }
}

function nothing(part: ContextPart, ticket: SearchedTicket): PartResult {
  const { addresses, networks, names } = mentionsIn(
    part === "ip_lookup" ? `${ticket.subject}\n${ticket.description}`.slice(0, 10_000) : "",
  );
  const mentions = addresses.length + networks.length + names.length;
  return { sources: [], mentions, cacheHit: false, statements: [] };
}

function isAlike({ why }: Source, ticketId: string): boolean {
  return why.includes("; alike: ") && why.slice(why.lastIndexOf("; alike: ")).includes(ticketId);
}
