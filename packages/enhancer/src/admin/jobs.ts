import { jobList, jobView, queueStatus, ThroughlineError } from "@throughline/api";
import { type AdminPrincipal, type AdminRoute, adminRoute } from "@throughline/api/admin";
import { z } from "zod";
import type { JobAdmin } from "../queue/queue.ts";
import { actorOf } from "./actor.ts";
import { cursorOf, msOf, pageQuery, timeQuery } from "./page.ts";
import type { Operations } from "./operations.ts";

const job = z.object({ job: z.string().min(1).max(200) });
const listQuery = z.strictObject({
  state: jobView.shape.state.optional(),
  status: jobView.shape.status.unwrap().optional(),
  tenant: z.string().max(100).optional(),
  ticket: z.string().max(100).optional(),
  ...timeQuery,
  limit: pageQuery.shape.limit,
  cursor: cursorOf(/^\d{1,15}\.[\w-]{1,100}$/),
});

/** `/jobs` and `/queue`. */
export function jobRoutes(queue: JobAdmin, operations: Operations): readonly AdminRoute[] {
  /** A job of another tenant is as good as none. */
  const own = async (id: string, principal: AdminPrincipal) => {
    const view = await queue.show(id);
    if (principal.tenant !== undefined && view.tenantId !== principal.tenant)
      throw new ThroughlineError("TL_JOB_NOT_FOUND", `There is no job "${id}".`);
    return view;
  };
  return [
    adminRoute({
      method: "GET",
      path: "/jobs",
      operationId: "listJobs",
      tag: "jobs",
      summary: "Jobs, newest first",
      scope: "read",
      reach: "own",
      query: listQuery,
      response: jobList,
      handle: async ({ query: { tenant, ticket, since, until, limit, cursor, ...rest }, principal }) => {
        const tenantId = principal.tenant ?? tenant;
        if (tenant !== undefined && tenant !== tenantId) return { body: { jobs: [], nextCursor: null } };
        const [enqueuedAt, id = ""] = cursor?.split(".") ?? [];
        const found = await queue.list({
          ...rest,
          tenantId,
          ticketId: ticket,
          sinceMs: msOf(since),
          untilMs: msOf(until),
          after: enqueuedAt === undefined ? undefined : { enqueuedAtMs: Number(enqueuedAt), id },
          limit: limit + 1,
        });
        const jobs = found.slice(0, limit);
        const last = found.length > limit ? jobs.at(-1) : undefined;
        const nextCursor = last === undefined ? null : `${Date.parse(last.enqueuedAt)}.${last.id}`;
        return { body: { jobs, nextCursor } };
      },
    }),
    adminRoute({
      method: "GET",
      path: "/jobs/{job}",
      operationId: "getJob",
      tag: "jobs",
      summary: "One job",
      scope: "read",
      reach: "own",
      params: job,
      response: jobView,
      errors: ["TL_JOB_NOT_FOUND"],
      handle: async ({ params, principal }) => ({ body: await own(params.job, principal) }),
    }),
    adminRoute({
      method: "POST",
      path: "/jobs/{job}/retry",
      operationId: "retryJob",
      tag: "jobs",
      summary: "Send a dead job through again, in its ticket's trace",
      scope: "write",
      reach: "own",
      params: job,
      response: jobView,
      errors: ["TL_JOB_NOT_FOUND", "TL_JOB_NOT_RETRYABLE"],
      handle: async ({ params, principal }) => {
        await own(params.job, principal);
        return { body: await operations.retry(params.job, actorOf(principal)) };
      },
    }),
    adminRoute({
      method: "POST",
      path: "/jobs/{job}/rerun",
      operationId: "rerunJob",
      tag: "jobs",
      summary: "Make a new job for the ticket of one that ended",
      scope: "write",
      reach: "own",
      params: job,
      body: z.strictObject({
        force: z.boolean().default(false).meta({ description: "Write even where a note stands." }),
      }),
      response: jobView,
      errors: ["TL_JOB_NOT_FOUND", "TL_JOB_NOT_RETRYABLE"],
      handle: async ({ params, body, principal }) => {
        await own(params.job, principal);
        return { body: await operations.rerun(params.job, body.force, actorOf(principal)) };
      },
    }),
    adminRoute({
      method: "DELETE",
      path: "/jobs/{job}",
      operationId: "discardJob",
      tag: "jobs",
      summary: "Remove a job that waits, is done or is dead",
      scope: "write",
      reach: "own",
      params: job,
      response: jobView,
      errors: ["TL_JOB_NOT_FOUND", "TL_JOB_NOT_DISCARDABLE"],
      handle: async ({ params, principal }) => {
        await own(params.job, principal);
        return { body: await operations.discard(params.job, actorOf(principal)) };
      },
    }),
    adminRoute({
      method: "GET",
      path: "/queue",
      operationId: "getQueue",
      tag: "queue",
      summary: "How many jobs are where",
      scope: "read",
      reach: "all",
      response: queueStatus,
      handle: async () => ({ body: await queue.status() }),
    }),
    ...(["pause", "resume"] as const).map((change) =>
      adminRoute({
        method: "POST",
        path: `/queue/${change}`,
        operationId: `${change}Queue`,
        tag: "queue",
        summary: change === "pause" ? "Take no more jobs; what is under way ends" : "Take jobs again",
        scope: "write",
        reach: "own",
        description: "`tenant`: its jobs only. A token that belongs to a tenant names it.",
        query: z.strictObject({ tenant: z.string().min(1).max(100).optional() }),
        response: z.object({ paused: z.boolean(), tenant: z.string().nullable() }),
        errors: ["TL_TOKEN_TENANT", "TL_TENANT_UNKNOWN"],
        handle: async ({ query: { tenant }, principal }) => {
          if (principal.tenant !== undefined && principal.tenant !== tenant)
            throw new ThroughlineError("TL_TOKEN_TENANT", "The token may pause and resume its tenant only.");
          await operations[change](tenant, actorOf(principal));
          return { body: { paused: change === "pause", tenant: tenant ?? null } };
        },
      }),
    ),
  ];
}
