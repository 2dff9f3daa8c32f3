import {
  enhancementDetail,
  enhancementList,
  enhancementView,
  feedbackInput,
  tenantReport,
  ThroughlineError,
} from "@throughline/api";
import { type AdminPrincipal, type AdminRoute, adminRoute } from "@throughline/api/admin";
import { z } from "zod";
import type { EnhancementRow, EnhancerDatabase } from "../database/schema.ts";
import type { EnhancementRecords } from "../records/enhancements.ts";
import type { Feedback } from "../records/feedback.ts";
import type { NoteSwitch } from "../records/note-switch.ts";
import { reportOf } from "../records/report.ts";
import { detailOf, viewOf } from "../records/view.ts";
import type { Drafts } from "../work/drafts.ts";
import { noteMeta } from "../work/note-meta.ts";
import { actorOf } from "./actor.ts";
import type { Operations } from "./operations.ts";
import { cursorOf, msOf, pageQuery, timeQuery } from "./page.ts";

export interface EnhancementRouteDependencies {
  database: EnhancerDatabase;
  records: EnhancementRecords;
  feedback: Feedback;
  noteSwitch: NoteSwitch;
  drafts: Drafts;
  publicUrl: string | undefined;
}

const params = z.object({ enhancement: z.string().min(1).max(100) });
const name = z.string().min(1).max(100);
const page = {
  ...timeQuery,
  limit: pageQuery.shape.limit,
  cursor: cursorOf(/^\d{1,15}\.[0-9a-f-]{1,50}$/),
};
const listQuery = z.strictObject({
  tenant: name.optional(),
  ticket: name.optional(),
  status: enhancementView.shape.status.optional(),
  delivery: enhancementView.shape.delivery.optional(),
  ...page,
});
const draftQuery = z.strictObject({ tenant: name.optional(), ...page });

/** `/enhancements`, `/drafts`, `/report`, `/notes`. */
export function enhancementRoutes(
  deps: EnhancementRouteDependencies,
  operations: Operations,
): readonly AdminRoute[] {
  const { records, feedback, drafts, noteSwitch, database } = deps;
  /** One of another tenant is as good as none. */
  const own = async (id: string, { tenant }: AdminPrincipal): Promise<EnhancementRow> => {
    const row = await records.get(id);
    if (tenant === undefined || row.tenant_id === tenant) return row;
    throw new ThroughlineError("TL_ENHANCEMENT_NOT_FOUND", `There is no enhancement "${id}".`);
  };
  const list = async (query: z.output<typeof listQuery>, principal: AdminPrincipal) => {
    const tenantId = principal.tenant ?? query.tenant;
    if (query.tenant !== undefined && query.tenant !== tenantId)
      return { body: { enhancements: [], nextCursor: null } };
    const [createdAt, id = ""] = query.cursor?.split(".") ?? [];
    const found = await records.list({
      tenantId,
      ticketId: query.ticket,
      status: query.status,
      delivery: query.delivery,
      sinceMs: msOf(query.since),
      untilMs: msOf(query.until),
      before: createdAt === undefined ? undefined : { createdAt: Number(createdAt), id },
      limit: query.limit + 1,
    });
    const shown = found.slice(0, query.limit);
    const last = found.length > query.limit ? shown.at(-1) : undefined;
    const nextCursor = last === undefined ? null : `${last.created_at}.${last.id}`;
    return { body: { enhancements: shown.map(viewOf), nextCursor } };
  };
  const decide = (what: "approve" | "discard", summary: string) =>
    adminRoute({
      method: "POST",
      path: `/drafts/{enhancement}/${what}`,
      operationId: `${what}Draft`,
      tag: "drafts",
      summary,
      scope: "write",
      reach: "own",
      params,
      response: enhancementView,
      errors: ["TL_ENHANCEMENT_NOT_FOUND", "TL_DRAFT_DECIDED", "TL_DRAFT_OUTDATED"],
      handle: async ({ params: { enhancement }, principal }) => {
        const { id } = await own(enhancement, principal);
        const by = actorOf(principal);
        const row =
          what === "approve"
            ? await operations.approve(drafts, id, by)
            : await operations.discardDraft(drafts, id, by);
        return { body: viewOf(row) };
      },
    });

  return [
    adminRoute({
      method: "GET",
      path: "/enhancements",
      operationId: "listEnhancements",
      tag: "enhancements",
      summary: "What was done with tickets, newest first",
      scope: "read",
      reach: "own",
      query: listQuery,
      response: enhancementList,
      handle: ({ query, principal }) => list(query, principal),
    }),
    adminRoute({
      method: "GET",
      path: "/enhancements/{enhancement}",
      operationId: "getEnhancement",
      tag: "enhancements",
      summary: "One of them: input, sources with scores, note, cost, feedback",
      scope: "read",
      reach: "own",
      params,
      response: enhancementDetail,
      errors: ["TL_ENHANCEMENT_NOT_FOUND"],
      handle: async ({ params: { enhancement }, principal }) => {
        const row = await own(enhancement, principal);
        const meta = noteMeta({ id: row.id, marker: row.marker, traceId: row.trace_id }, deps);
        return { body: detailOf(row, await feedback.of(row.id), meta) };
      },
    }),
    adminRoute({
      method: "POST",
      path: "/enhancements/{enhancement}/feedback",
      operationId: "giveFeedback",
      tag: "enhancements",
      summary: "Say what a note was worth",
      scope: "write",
      reach: "own",
      status: 201,
      params,
      body: feedbackInput,
      response: z.object({ kept: z.literal(true) }),
      errors: ["TL_ENHANCEMENT_NOT_FOUND", "TL_FEEDBACK_FULL"],
      handle: async ({ params: { enhancement }, body, principal }) => {
        const { id } = await own(enhancement, principal);
        await feedback.add(id, body);
        return { body: { kept: true as const } };
      },
    }),
    adminRoute({
      method: "GET",
      path: "/drafts",
      operationId: "listDrafts",
      tag: "drafts",
      summary: "Drafts that wait for approval, newest first",
      scope: "read",
      reach: "own",
      query: draftQuery,
      response: enhancementList,
      handle: ({ query, principal }) => list({ ...query, delivery: "draft" }, principal),
    }),
    decide("approve", "Write a draft on its ticket"),
    decide("discard", "Drop a draft"),
    adminRoute({
      method: "GET",
      path: "/tenants/{tenant}/report",
      operationId: "getReport",
      tag: "enhancements",
      summary: "Success, latency, cost and helpfulness by week",
      scope: "read",
      reach: "path",
      params: z.object({ tenant: name }),
      query: z.strictObject({ weeks: z.coerce.number().int().min(1).max(520).default(12) }),
      response: tenantReport,
      handle: async ({ params: { tenant }, query: { weeks } }) => ({
        body: { tenant, weeks: await reportOf(database, tenant, weeks) },
      }),
    }),
    adminRoute({
      method: "GET",
      path: "/notes",
      operationId: "getNoteSwitch",
      tag: "notes",
      summary: "Whether notes are written",
      scope: "read",
      reach: "all",
      response: z.object({ on: z.boolean() }),
      handle: async () => ({ body: { on: await noteSwitch.isOn() } }),
    }),
    ...([true, false] as const).map((on) =>
      adminRoute({
        method: "POST",
        path: `/notes/${on ? "on" : "off"}`,
        operationId: on ? "switchNotesOn" : "switchNotesOff",
        tag: "notes",
        summary: on ? "Write notes again" : "Write no notes any more: counts at once in all workers",
        scope: "write",
        reach: "all",
        response: z.object({ on: z.boolean() }),
        handle: async ({ principal }) => {
          await operations.switchNotes(on, actorOf(principal));
          return { body: { on } };
        },
      }),
    ),
  ];
}
