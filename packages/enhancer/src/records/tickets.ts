import type { ExpressionBuilder } from "kysely";
import type { BusinessTables, EnhancementRow, EnhancerDatabase } from "../database/schema.ts";

/** What a list of tickets needs of an attempt. */
export type LatestAttempt = Pick<
  EnhancementRow,
  | "id"
  | "tenant_id"
  | "ticket_id"
  | "job_id"
  | "trace_id"
  | "created_at"
  | "status"
  | "delivery"
  | "reason"
  | "input"
  | "latency"
>;

export interface TicketFilter {
  tenantId?: string | undefined;
  ticketId?: string | undefined;
  status?: EnhancementRow["status"] | undefined;
  /** Ended before this one: the page after it. */
  before?: { createdAt: number; id: string } | undefined;
  limit: number;
}

type Attempts = BusinessTables & { e: BusinessTables["enhancements"]; newer: BusinessTables["enhancements"] };

/** The newest attempt of each ticket that had one, newest first. */
export function latestAttempts(database: EnhancerDatabase, filter: TicketFilter): Promise<LatestAttempt[]> {
  const { tenantId, ticketId, status, before, limit } = filter;
  let query = database
    .selectFrom("enhancements as e")
    .select([
      "e.id",
      "e.tenant_id",
      "e.ticket_id",
      "e.job_id",
      "e.trace_id",
      "e.created_at",
      "e.status",
      "e.delivery",
      "e.reason",
      "e.input",
      "e.latency",
    ])
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom("enhancements as newer")
            .select("newer.id")
            .whereRef("newer.tenant_id", "=", "e.tenant_id")
            .whereRef("newer.ticket_id", "=", "e.ticket_id")
            .where(isNewer),
        ),
      ),
    )
    .orderBy("e.created_at", "desc")
    .orderBy("e.id", "desc")
    .limit(limit);
  if (tenantId !== undefined) query = query.where("e.tenant_id", "=", tenantId);
  if (ticketId !== undefined) query = query.where("e.ticket_id", "=", ticketId);
  if (status !== undefined) query = query.where("e.status", "=", status);
  if (before !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb("e.created_at", "<", before.createdAt),
        eb.and([eb("e.created_at", "=", before.createdAt), eb("e.id", "<", before.id)]),
      ]),
    );
  return query.execute();
}

function isNewer(eb: ExpressionBuilder<Attempts, "e" | "newer">) {
  return eb.or([
    eb("newer.created_at", ">", eb.ref("e.created_at")),
    eb.and([eb("newer.created_at", "=", eb.ref("e.created_at")), eb("newer.id", ">", eb.ref("e.id"))]),
  ]);
}

/** What all attempts at a ticket came to. */
export interface TicketTotals {
  attempts: number;
  costUsd: number | null;
  up: number;
  down: number;
}

/** Of these tickets, by `ticketKey`. */
export async function totalsOf(
  database: EnhancerDatabase,
  tickets: readonly { tenantId: string; ticketId: string }[],
): Promise<Map<string, TicketTotals>> {
  const totals = new Map<string, TicketTotals>();
  if (tickets.length === 0) return totals;
  const ids = [...new Set(tickets.map(({ ticketId }) => ticketId))];
  const sums = await database
    .selectFrom("enhancements")
    .select(({ fn }) => [
      "tenant_id",
      "ticket_id",
      fn.countAll<number>().as("attempts"),
      fn.sum<number | null>("cost_usd").as("cost_usd"),
    ])
    .where("ticket_id", "in", ids)
    .groupBy(["tenant_id", "ticket_id"])
    .execute();
  for (const { tenant_id, ticket_id, attempts, cost_usd } of sums) {
    totals.set(ticketKey(tenant_id, ticket_id), { attempts, costUsd: cost_usd, up: 0, down: 0 });
  }
  const thumbs = await database
    .selectFrom("feedback")
    .select(({ fn }) => ["tenant_id", "ticket_id", "rating", fn.countAll<number>().as("thumbs")])
    .where("ticket_id", "in", ids)
    .groupBy(["tenant_id", "ticket_id", "rating"])
    .execute();
  for (const { tenant_id, ticket_id, rating, thumbs: number } of thumbs) {
    const of = totals.get(ticketKey(tenant_id, ticket_id));
    if (of !== undefined) of[rating] = number;
  }
  return totals;
}

export function ticketKey(tenantId: string, ticketId: string): string {
  return `${tenantId}\n${ticketId}`;
}
