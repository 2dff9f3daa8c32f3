import { z } from "zod";
import type { DeskTicket } from "../desk.ts";
import { lineOfField, textOfField } from "../plain.ts";

/** API v3 gives ids as strings; old builds as numbers. */
const id = z.coerce.string();
const text = z.string().nullish();
/** Most fields that name something: `{ id, name }`. */
const named = z.object({ name: text }).nullish().catch(undefined);
const date = z.object({ value: z.coerce.number() }).nullish().catch(undefined);

const request = z.object({
  request: z.object({
    id,
    subject: text,
    description: text,
    status: z.object({ name: text, internal_name: text }).nullish().catch(undefined),
    group: named,
    category: named,
    priority: named,
    requester: z.object({ name: text, email_id: text }).nullish().catch(undefined),
    tags: z
      .array(z.object({ name: z.string() }))
      .nullish()
      .catch(undefined),
    last_updated_time: date,
    created_time: date,
    has_notes: z.boolean().nullish().catch(undefined),
    is_trashed: z.boolean().nullish().catch(undefined),
  }),
});

/** Statuses of the type "Completed", as installations name them. */
const closed = /^(?:closed?|resolved|cancell?ed|completed|merged|geschlossen|gelöst|storniert|erledigt)$/i;

/** Throws a ZodError where the body is no request. */
export function ticketOf(body: unknown): DeskTicket {
  const { request: found } = request.parse(body);
  const status = found.status?.name ?? undefined;
  const names = [status, found.status?.internal_name ?? undefined];
  return {
    id: found.id,
    subject: lineOfField(found.subject),
    description: textOfField(found.description),
    status,
    isClosed: found.is_trashed === true || names.some((name) => name !== undefined && closed.test(name)),
    group: found.group?.name ?? undefined,
    category: found.category?.name ?? undefined,
    priority: found.priority?.name ?? undefined,
    requester: {
      name: found.requester?.name ?? undefined,
      email: found.requester?.email_id ?? undefined,
    },
    labels: found.tags?.map(({ name }) => name),
    updatedAt: (found.last_updated_time ?? found.created_time)?.value,
    hasNotes: found.has_notes ?? undefined,
  };
}

export const written = z.object({
  note: z.object({ id }).optional(),
  request_note: z.object({ id }).optional(),
});

const listInfo = z.object({ has_more_rows: z.boolean().default(false) }).optional();

export const notesPage = z.object({
  notes: z.array(z.object({ id, description: text })).default([]),
  list_info: listInfo,
});

export const solutionsPage = z.object({
  solutions: z
    .array(
      z.object({
        id,
        title: text,
        description: text,
        topic: named,
        keywords: z
          .union([z.string(), z.array(z.string())])
          .nullish()
          .catch(undefined),
        last_updated_time: date,
        public: z.boolean().nullish().catch(undefined),
        is_public: z.boolean().nullish().catch(undefined),
        approval_status: named,
      }),
    )
    .default([]),
  list_info: listInfo,
});

/** Assets have other names and fields from build to build: the fields are looked up by path. */
export const assetsPage = z.looseObject({ list_info: listInfo });
export const assetRow = z.looseObject({ id, name: text });
