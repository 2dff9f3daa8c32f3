import { type Span, SpanKind, type Tracer } from "@opentelemetry/api";
import type { EnhancerDatabase } from "../database/schema.ts";
import { failSpan, inTicketSpan } from "../span.ts";
import type { ContextPart, GatheredContext, Source, Ticket } from "../ticket.ts";
import { addressesIn, lookUpSystems } from "./inventory.ts";
import { searchDocuments } from "./search-documents.ts";
import { searchHistory } from "./search-history.ts";
import { statementRunner } from "./statement.ts";

export interface GatherDependencies {
  database: EnhancerDatabase;
  tracer: Tracer;
  /** For all three together, milliseconds. */
  budgetMs: number;
  signal: AbortSignal;
}

const wording: Record<ContextPart, string> = {
  ticket_history: "ticket history",
  documentation: "documentation",
  ip_lookup: "ip lookup",
};

/**
 * Three searches in parallel. One that fails or comes too late is left out and named, the others count; only `signal` ends all.
 */
export function gatherContext(ticket: Ticket, deps: GatherDependencies): Promise<GatheredContext> {
  const options = { kind: SpanKind.INTERNAL, attributes: { operation: "context_gathering" } };
  return inTicketSpan(deps.tracer, "context_gathering", ticket, options, async (span) => {
    const limit = AbortSignal.any([deps.signal, AbortSignal.timeout(deps.budgetMs)]);
    const run = statementRunner(deps.tracer, ticket, limit);
    const addresses = addressesIn(ticket.description);
    const [history, documents, systems] = await Promise.all([
      gatherPart("ticket_history", ticket, deps, limit, () => searchHistory(deps.database, ticket, run)),
      gatherPart("documentation", ticket, deps, limit, () => searchDocuments(deps.database, ticket, run)),
      gatherPart("ip_lookup", ticket, deps, limit, () =>
        lookUpSystems(deps.database, ticket, addresses, run),
      ),
    ]);
    deps.signal.throwIfAborted();
    const missing = [history, documents, systems].flatMap(({ missing: lacks }) =>
      lacks === undefined ? [] : [lacks],
    );
    const found = systems.sources.length > 0 ? "found" : "none";
    const ipLookup = systems.missing !== undefined ? "error" : addresses.length === 0 ? "skipped" : found;
    span.setAttributes({
      "result.ticket_history.count": history.sources.length,
      "result.docs.count": documents.sources.length,
      "result.ip_lookup": ipLookup,
    });
    const [first] = missing;
    if (first !== undefined) failSpan(span, new Error(first.reason), first.type);
    return {
      tickets: history.sources,
      documents: documents.sources,
      systems: systems.sources,
      ipLookup,
      missing: missing.map(({ part, reason }) => ({ part, reason })),
    };
  });
}

interface Part {
  sources: Source[];
  missing?: { part: ContextPart; reason: string; type: string };
}

async function gatherPart(
  part: ContextPart,
  ticket: Ticket,
  { tracer, signal }: GatherDependencies,
  limit: AbortSignal,
  search: () => Promise<Source[]>,
): Promise<Part> {
  const options = { kind: SpanKind.INTERNAL, attributes: { "cache.hit": false } };
  return inTicketSpan(tracer, `context.${part}`, ticket, options, async (span): Promise<Part> => {
    try {
      const sources = await beforeEnd(limit, search);
      span.setAttribute("result.count", sources.length);
      return { sources };
    } catch (error) {
      // Not late: the whole job is being ended, and says why itself.
      signal.throwIfAborted();
      return { sources: [], missing: tellMissing(span, part, error, limit) };
    }
  });
}

function tellMissing(
  span: Span,
  part: ContextPart,
  error: unknown,
  limit: AbortSignal,
): NonNullable<Part["missing"]> {
  const late = limit.aborted;
  const type = late ? "timeout" : error instanceof Error ? error.name : "_OTHER";
  const reason = late
    ? `Timeout waiting for ${wording[part]}`
    : error instanceof Error
      ? error.message
      : String(error);
  span.setAttribute("result.count", 0);
  failSpan(span, late ? new Error(reason) : error, type);
  return { part, reason, type };
}

/** Rejects when the signal fires first; the work that is late is no longer waited for. */
async function beforeEnd<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const end = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), {
      once: true,
      signal: over.signal,
    });
  });
  try {
    return await Promise.race([work(), end]);
  } finally {
    over.abort();
  }
}
