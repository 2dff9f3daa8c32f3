import {
  type JobView,
  ticketErasure,
  ticketList,
  ticketOrder,
  ticketStatus,
  ticketStory,
  type TicketView,
} from "@throughline/api";
import { type AdminRoute, adminRoute } from "@throughline/api/admin";
import { z } from "zod";
import type { EnhancementRow, EnhancerDatabase } from "../database/schema.ts";
import type { JobAdmin } from "../queue/queue.ts";
import type { EnhancementRecords, KeptInput } from "../records/enhancements.ts";
import { type LatestAttempt, latestAttempts, ticketKey, totalsOf } from "../records/tickets.ts";
import { viewOf } from "../records/view.ts";
import { actorOf } from "./actor.ts";
import type { Operations } from "./operations.ts";
import { reasonOf } from "./ticket-reason.ts";

const name = z.string().min(1).max(100);
const params = z.object({ tenant: name, ticket: name });
const listQuery = z.strictObject({
  tenant: name.optional(),
  ticket: name.optional(),
  status: ticketStatus.optional(),
  order: ticketOrder.default("newest").meta({
    description: "`failed` and `slow` put those first, among the newest 1,000; they have one page.",
  }),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z
    .string()
    .regex(/^\d{1,15}\.[0-9a-f-]{1,50}$/)
    .optional()
    .meta({ description: "`nextCursor` of the page before." }),
});

/** Jobs that are not over, and tickets to put in another order than by time, at most. */
const liveAtMost = 1_000;
const orderedAtMost = 1_000;
const jobsOfTicket = 100;

/** `/tickets`: the queue and the records, joined by ticket. */
export function ticketRoutes(
  queue: JobAdmin,
  database: EnhancerDatabase,
  records: EnhancementRecords,
  operations: Operations,
): readonly AdminRoute[] {
  const list = async (filter: ListFilter) => {
    const { tenantId, ticketId, status, order, limit, before } = filter;
    const of = {
      ...(tenantId === undefined ? {} : { tenantId }),
      ...(ticketId === undefined ? {} : { ticketId }),
    };
    const jobs = await Promise.all(
      (["active", "waiting", "dead"] as const).map((state) =>
        queue.list({ ...of, state, limit: liveAtMost }),
      ),
    );
    const live = new Map<string, JobView>();
    for (const job of jobs.slice(0, 2).flat()) {
      const key = ticketKey(job.tenantId, job.ticketId);
      if (!live.has(key)) live.set(key, job);
    }
    const isLive = ({ tenant_id, ticket_id }: LatestAttempt) => live.has(ticketKey(tenant_id, ticket_id));
    const endedStatus = status === "waiting" || status === "active" ? undefined : status;
    const rowsAtMost = order === "newest" ? limit + 1 + live.size : orderedAtMost;
    const rows =
      endedStatus === undefined && status !== undefined
        ? []
        : await latestAttempts(database, {
            tenantId,
            ticketId,
            status: endedStatus,
            before,
            limit: rowsAtMost,
          });
    const ended = rows.filter((row) => !isLive(row));
    const liveShown = [...live.values()].filter((job) => status === undefined || job.state === status);
    const past = await latestOf(liveShown);
    const orphans =
      before !== undefined || (status !== undefined && status !== "failed")
        ? []
        : await withoutRecord(jobs[2] ?? [], live);
    const first = before === undefined ? [...liveShown, ...orphans] : [];
    const shownRows = order === "newest" ? ended.slice(0, limit) : ended;
    const totals = await totalsOf(database, [
      ...first,
      ...shownRows.map(({ tenant_id, ticket_id }) => ({ tenantId: tenant_id, ticketId: ticket_id })),
    ]);
    const tickets = [
      ...first.map((job) => fromJob(job, past.get(ticketKey(job.tenantId, job.ticketId)))),
      ...shownRows.map(fromAttempt),
    ].map((ticket) => ({ ...ticket, ...totalled(ticket, totals) }));
    const last = order === "newest" && ended.length > limit ? shownRows.at(-1) : undefined;
    return {
      tickets: sorted(tickets, order).slice(0, order === "newest" ? undefined : limit),
      nextCursor: last === undefined ? null : `${last.created_at}.${last.id}`,
    };
  };

  /** What was done with tickets before the job that is not over. */
  const latestOf = async (jobs: readonly JobView[]): Promise<Map<string, LatestAttempt>> => {
    const found = new Map<string, LatestAttempt>();
    const retried = jobs.filter(({ attempts }) => attempts > 0).slice(0, jobsOfTicket);
    for (const { tenantId, ticketId } of retried) {
      const [row] = await latestAttempts(database, { tenantId, ticketId, limit: 1 });
      if (row !== undefined) found.set(ticketKey(tenantId, ticketId), row);
    }
    return found;
  };

  /** Dead letters stay longer than the records of their attempts. */
  const withoutRecord = async (dead: readonly JobView[], live: ReadonlyMap<string, JobView>) => {
    const known = await totalsOf(database, dead);
    return dead.filter(({ tenantId, ticketId }) => {
      const key = ticketKey(tenantId, ticketId);
      return !known.has(key) && !live.has(key);
    });
  };

  return [
    adminRoute({
      method: "GET",
      path: "/tickets",
      operationId: "listTickets",
      tag: "tickets",
      summary:
        "Tickets with their newest attempt: those that wait or are under way, then the others, newest first",
      scope: "read",
      reach: "own",
      query: listQuery,
      response: ticketList,
      handle: async ({ query: { tenant, ticket, cursor, ...query }, principal }) => {
        const tenantId = principal.tenant ?? tenant;
        if (tenant !== undefined && tenant !== tenantId) return { body: { tickets: [], nextCursor: null } };
        const [createdAt, id = ""] = cursor?.split(".") ?? [];
        const before = createdAt === undefined ? undefined : { createdAt: Number(createdAt), id };
        return { body: await list({ ...query, tenantId, ticketId: ticket, before }) };
      },
    }),
    adminRoute({
      method: "GET",
      path: "/tickets/{tenant}/{ticket}",
      operationId: "getTicket",
      tag: "tickets",
      summary: "One ticket: its jobs, its attempts, and why it has no note or where its note is",
      description: "A ticket that nothing is known of is answered, too: the reason says so.",
      scope: "read",
      reach: "path",
      params,
      response: ticketStory,
      handle: async ({ params: { tenant: tenantId, ticket: ticketId } }) => {
        const [jobs, enhancements, status, waiting, { tickets }] = await Promise.all([
          queue.list({ tenantId, ticketId, limit: jobsOfTicket }),
          records.list({ tenantId, ticketId, limit: jobsOfTicket }).then((rows) => rows.map(viewOf)),
          queue.status(),
          queue.list({ tenantId, state: "waiting", limit: liveAtMost }),
          list({ tenantId, ticketId, order: "newest", limit: 1 }),
        ]);
        const facts = { jobs, enhancements, waiting, countedAtMost: liveAtMost, nowMs: Date.now() };
        const reason = reasonOf({ ...facts, queue: status });
        return { body: { ticket: tickets[0] ?? null, reason, jobs, enhancements } };
      },
    }),
    adminRoute({
      method: "POST",
      path: "/tickets/{tenant}/{ticket}/erase",
      operationId: "eraseTicket",
      tag: "tickets",
      summary:
        "Forget a ticket: its jobs, what was kept of it, its notes, what people thought of them, its row in the history",
      description: "Its traces are erased by `POST /api/throughline/erase` of the trace backend.",
      scope: "write",
      reach: "path",
      params,
      response: ticketErasure,
      errors: ["TL_JOB_NOT_DISCARDABLE"],
      handle: async ({ params: { tenant: tenantId, ticket: ticketId }, principal }) => ({
        body: await operations.eraseTicket(tenantId, ticketId, actorOf(principal)),
      }),
    }),
  ];
}

interface ListFilter {
  tenantId?: string | undefined;
  ticketId?: string | undefined;
  status?: TicketView["status"] | undefined;
  order: z.output<typeof ticketOrder>;
  limit: number;
  before?: { createdAt: number; id: string } | undefined;
}

type Untotalled = Omit<TicketView, "costUsd" | "feedback">;

function fromJob(job: JobView, past: LatestAttempt | undefined): Untotalled {
  return {
    tenantId: job.tenantId,
    ticketId: job.ticketId,
    priority: job.priority,
    status: job.state === "waiting" || job.state === "active" ? job.state : "failed",
    at: job.state === "dead" ? (job.finishedAt ?? job.enqueuedAt) : job.enqueuedAt,
    jobId: job.id,
    traceId: job.traceId,
    enhancementId: past?.id ?? null,
    delivery: past?.delivery ?? null,
    reason: job.reason,
    attempts: job.attempts,
    latency: past === undefined ? {} : latencyOf(past),
  };
}

function fromAttempt(row: LatestAttempt): Untotalled {
  return {
    tenantId: row.tenant_id,
    ticketId: row.ticket_id,
    priority: (JSON.parse(row.input) as KeptInput).priority,
    status: row.status,
    at: new Date(row.created_at).toISOString(),
    jobId: row.job_id,
    traceId: row.trace_id,
    enhancementId: row.id,
    delivery: row.delivery,
    reason: row.reason,
    attempts: 1,
    latency: latencyOf(row),
  };
}

function totalled(
  { tenantId, ticketId, attempts }: Untotalled,
  totals: Awaited<ReturnType<typeof totalsOf>>,
): Pick<TicketView, "attempts" | "costUsd" | "feedback"> {
  const of = totals.get(ticketKey(tenantId, ticketId));
  if (of === undefined) return { attempts, costUsd: null, feedback: { up: 0, down: 0 } };
  return {
    attempts: Math.max(attempts, of.attempts),
    costUsd: of.costUsd,
    feedback: { up: of.up, down: of.down },
  };
}

function sorted(tickets: readonly TicketView[], order: ListFilter["order"]): TicketView[] {
  const byTime = (a: TicketView, b: TicketView) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0);
  const rank = (ticket: TicketView) =>
    order === "failed" ? failedRank[ticket.status] : -(ticket.latency["total"] ?? 0);
  return tickets.toSorted((a, b) => (order === "newest" ? 0 : rank(a) - rank(b)) || byTime(a, b));
}

const failedRank: Readonly<Record<TicketView["status"], number>> = {
  failed: 0,
  partial: 1,
  active: 2,
  waiting: 2,
  skipped: 3,
  success: 4,
};

function latencyOf({ latency }: Pick<EnhancementRow, "latency">): Record<string, number> {
  return JSON.parse(latency) as Record<string, number>;
}
