import { type Span, SpanKind, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import { beforeEnd } from "./before-end.ts";
import { failSpan, inTicketSpan } from "../span.ts";
import type { ContextPart, GatheredContext, Source, Ticket } from "../ticket.ts";
import type { ContextSearch } from "./context-search.ts";
import type { RanStatement } from "./search/index-reader.ts";
import type { LabelRules } from "./search/requests.ts";

export interface GatherDependencies {
  search: ContextSearch;
  tracer: Tracer;
  /** For all three together, milliseconds. */
  budgetMs: number;
  signal: AbortSignal;
  /** Which documents the note may quote; without rules those without a `permission:` label. */
  rules?: LabelRules;
}

const wording: Record<ContextPart, string> = {
  ticket_history: "ticket history",
  documentation: "documentation",
  ip_lookup: "ip lookup",
};
const withoutRules: LabelRules = { permissions: [], versions: [], exclude: [] };

/**
 * Three searches in parallel. One that fails or comes too late is left out and named, the others count; only `signal` ends all.
 */
export function gatherContext(ticket: Ticket, deps: GatherDependencies): Promise<GatheredContext> {
  const options = { kind: SpanKind.INTERNAL, attributes: { operation: "context_gathering" } };
  return inTicketSpan(deps.tracer, "context_gathering", ticket, options, async (span) => {
    const [history, documents, systems] = await withinBudget(deps, (limit) =>
      Promise.all([
        gatherPart("ticket_history", ticket, deps, limit),
        gatherPart("documentation", ticket, deps, limit),
        gatherPart("ip_lookup", ticket, deps, limit),
      ]),
    );
    deps.signal.throwIfAborted();
    const missing = [history, documents, systems].flatMap(({ missing: lacks }) =>
      lacks === undefined ? [] : [lacks],
    );
    const found = systems.sources.length > 0 ? "found" : "none";
    const ipLookup = systems.missing !== undefined ? "error" : systems.mentions === 0 ? "skipped" : found;
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
  mentions: number;
  missing?: { part: ContextPart; reason: string; type: string };
}

function gatherPart(
  part: ContextPart,
  ticket: Ticket,
  deps: GatherDependencies,
  limit: AbortSignal,
): Promise<Part> {
  const { tracer, search, signal } = deps;
  const options = { kind: SpanKind.INTERNAL, attributes: { "cache.hit": false } };
  return inTicketSpan(tracer, `context.${part}`, ticket, options, async (span): Promise<Part> => {
    try {
      const searched = {
        tenantId: ticket.tenantId,
        ticketId: ticket.ticketId,
        subject: ticket.subject ?? "",
        description: ticket.description,
      };
      const rules = deps.rules ?? withoutRules;
      const { sources, mentions, cacheHit, statements } = await beforeEnd(limit, () =>
        search.search(part, searched, rules, { signal: limit, budgetMs: deps.budgetMs }),
      );
      for (const statement of statements) tellStatement(statement, tracer, ticket, search.system);
      span.setAttributes({ "cache.hit": cacheHit, "result.count": sources.length });
      return { sources, mentions };
    } catch (error) {
      // Not late: the whole job is being ended, and says why itself.
      signal.throwIfAborted();
      return { sources: [], mentions: 0, missing: tellMissing(span, part, error, limit) };
    }
  });
}

/** A CLIENT span of a statement that ran in a search thread (database semantic conventions); parameters are never on it. */
function tellStatement(
  { collection, text, startMs, endMs, rows, error }: RanStatement,
  tracer: Tracer,
  ticket: Ticket,
  system: ContextSearch["system"],
): void {
  const span = tracer.startSpan(`SELECT ${collection}`, {
    kind: SpanKind.CLIENT,
    startTime: startMs,
    attributes: {
      "tenant.id": ticket.tenantId,
      "ticket.id": ticket.ticketId,
      "status.code": 0,
      "db.system.name": system,
      "db.operation.name": "SELECT",
      "db.collection.name": collection,
      "db.query.text": text,
      "db.response.returned_rows": rows,
    },
  });
  if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.slice(0, 200) });
  span.end(endMs);
}

function tellMissing(
  span: Span,
  part: ContextPart,
  error: unknown,
  limit: AbortSignal,
): NonNullable<Part["missing"]> {
  const late = limit.aborted || (error instanceof Error && error.name === "TimeoutError");
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

/** Gives the work a signal that fires with `deps.signal` and when the budget is spent; nothing is left behind where neither happens. */
async function withinBudget<T>(
  { signal, budgetMs }: GatherDependencies,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const end = new AbortController();
  const late = setTimeout(
    () => end.abort(new DOMException("The budget is spent.", "TimeoutError")),
    budgetMs,
  );
  const stop = () => end.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await work(end.signal);
  } finally {
    clearTimeout(late);
    signal.removeEventListener("abort", stop);
  }
}
