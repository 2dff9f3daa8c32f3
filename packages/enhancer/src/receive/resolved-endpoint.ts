import { type FieldError, ThroughlineError } from "@throughline/api";
import { setImmediate as turn } from "node:timers/promises";
import { z } from "zod";
import { resolvedTicket } from "../history/import-history.ts";
import type { ResolvedTicket } from "../history/store-tickets.ts";
import { tenantId } from "../tenants/settings.ts";
import { decodeUtf8 } from "./body/charset.ts";
import { isTooDeepValue, parseJson } from "./body/json.ts";
import type { Answer, Endpoint } from "./handler.ts";
import type { Incoming } from "./incoming.ts";
import { isJson } from "./read-ticket.ts";
import { fieldErrors, invalidTicket } from "./refused.ts";

/** Where resolved tickets go. All of one call are stored, or none. */
export interface HistoryIntake {
  upsert(
    tenantId: string,
    tickets: readonly ResolvedTicket[],
  ): Promise<{ inserted: number; updated: number; unchanged: number }>;
}

const linesAtMost = 1_000;
/** After so many lines others get their turn. */
const linesPerTurn = 50;

const resolvedWebhook = z.strictObject({ tenant_id: tenantId.optional(), ...resolvedTicket.shape });

type LineResult =
  | { line: number; ticket_id: string; status: "stored" }
  /** A later line of the same request is about the same ticket, and counts. */
  | { line: number; ticket_id: string; status: "superseded" }
  | { line: number; status: "refused"; errors: readonly FieldError[] };

interface Batch {
  isBatch: boolean;
  tickets: ResolvedTicket[];
  results: LineResult[];
}

/**
 * `POST /webhook/servicedesk/resolved-ticket`: one resolved ticket as JSON, or up to 1,000 as NDJSON, into the history of the tenant that
 * signed, and of no other. Upsert on tenant and ticket: sending again changes nothing. Good lines are stored together; each bad one is
 * reported.
 */
export function resolvedEndpoint(history: HistoryIntake): Endpoint<Batch> {
  return {
    route: "/webhook/servicedesk/resolved-ticket",
    name: "resolved-ticket",
    tenantOf: (incoming) => (incoming.kind === "ndjson" ? tenantOfFirstLine(incoming.body) : undefined),
    read: (incoming, { tenant }) => readBatch(incoming, tenant.id),
    attributes: ({ results, tickets }, { tenant }) => ({
      "tenant.id": tenant.id,
      "history.received": results.length,
      "history.refused": results.filter(({ status }) => status === "refused").length,
      ...(tickets.length === 1 ? { "ticket.id": tickets[0]?.ticket_id ?? "" } : {}),
    }),
    answer: async ({ isBatch, tickets, results }, { tenant }, _incoming, { span }) => {
      const counts = await history.upsert(tenant.id, tickets).catch((cause: unknown) => {
        if (cause instanceof ThroughlineError) throw cause;
        throw new ThroughlineError("TL_HISTORY_UNAVAILABLE", "The history cannot be written.", { cause });
      });
      const refused = results.filter(({ status }) => status === "refused").length;
      const body = {
        status: refused === 0 ? "stored" : "partial",
        received: results.length,
        ...counts,
        refused,
        trace_id: span.spanContext().traceId,
        ...(isBatch ? { results } : {}),
      };
      return { status: 200, body } satisfies Answer;
    },
  };
}

async function readBatch({ kind, type, json, body }: Incoming, tenant: string): Promise<Batch> {
  const isUtf8 = type.charset === undefined || type.charset === "utf-8" || type.charset === "utf8";
  if (!isUtf8 || (kind !== "ndjson" && !isJson(kind, json)))
    throw new ThroughlineError(
      "TL_MEDIA_TYPE_UNSUPPORTED",
      "Resolved tickets are application/json, or application/x-ndjson for several, in UTF-8.",
    );
  if (kind !== "ndjson") {
    const read = readLine(json, tenant);
    if ("errors" in read) throw invalidTicket(read.errors);
    const { ticket } = read;
    return {
      isBatch: false,
      tickets: [ticket],
      results: [{ line: 1, ticket_id: ticket.ticket_id, status: "stored" }],
    };
  }
  const text = decodeUtf8(body);
  if (text === undefined) throw invalidTicket([{ field: "(body)", message: "is not UTF-8" }]);
  const lines = text.split("\n", 2 * linesAtMost + 2);
  const filled = lines.filter((line) => line.trim() !== "").length;
  if (filled > linesAtMost)
    throw new ThroughlineError("TL_BODY_TOO_LARGE", `A batch has at most ${linesAtMost} lines.`);
  if (filled === 0) throw invalidTicket([{ field: "(body)", message: "holds no line" }]);
  return readLines(lines, tenant);
}

async function readLines(lines: readonly string[], tenant: string): Promise<Batch> {
  const results: LineResult[] = [];
  const tickets = new Map<string, ResolvedTicket>();
  const at = new Map<string, number>();
  for (const [index, text] of lines.entries()) {
    if (index % linesPerTurn === linesPerTurn - 1) await turn();
    if (text.trim() === "") continue;
    const line = index + 1;
    const read = readLine(parseJson(text), tenant);
    if ("errors" in read) {
      results.push({ line, status: "refused", errors: read.errors });
      continue;
    }
    const { ticket_id: id } = read.ticket;
    const earlier = at.get(id);
    if (earlier !== undefined)
      results[earlier] = { line: results[earlier]?.line ?? line, ticket_id: id, status: "superseded" };
    at.set(id, results.length);
    tickets.set(id, read.ticket);
    results.push({ line, ticket_id: id, status: "stored" });
  }
  if (tickets.size > 0) return { isBatch: true, tickets: [...tickets.values()], results };
  throw invalidTicket(
    results
      .slice(0, 20)
      .flatMap((result) =>
        "errors" in result
          ? result.errors.map(({ field, message }) => ({ field: `line ${result.line}: ${field}`, message }))
          : [],
      ),
  );
}

function readLine(value: unknown, tenant: string): { ticket: ResolvedTicket } | { errors: FieldError[] } {
  if (value === undefined) return { errors: [{ field: "(body)", message: "is not valid JSON" }] };
  if (isTooDeepValue(value))
    return { errors: [{ field: "(body)", message: "is nested deeper than 64 levels" }] };
  const parsed = resolvedWebhook.safeParse(value);
  if (!parsed.success) return { errors: fieldErrors(parsed.error.issues) };
  const { tenant_id: named, ...ticket } = parsed.data;
  if (named !== undefined && named !== tenant)
    return { errors: [{ field: "tenant_id", message: "is not the tenant that signed" }] };
  return { ticket };
}

function tenantOfFirstLine(body: Buffer): string | undefined {
  const end = body.indexOf(0x0a);
  const text = decodeUtf8(body.subarray(0, Math.min(end < 0 ? body.length : end, 1_048_576)));
  const first = text === undefined ? undefined : parseJson(text);
  return typeof first === "object" &&
    first !== null &&
    "tenant_id" in first &&
    typeof first.tenant_id === "string"
    ? first.tenant_id
    : undefined;
}
