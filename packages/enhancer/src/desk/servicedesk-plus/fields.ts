import { z } from "zod";
import type { DeskTicket } from "../desk.ts";
import { lineOfField, textOfField } from "../plain.ts";

/** API v3 gives ids as strings; old builds as numbers. What has no id is not there. */
const id = z.union([z.string().min(1), z.number().transform(String)]);
const text = z.string().nullish();
/** Most fields that name something: `{ id, name }`; some builds give the name alone. */
const named = z
  .union([
    z.object({ name: text, internal_name: text }),
    z.string().transform((name) => ({ name, internal_name: undefined })),
  ])
  .nullish()
  .catch(undefined);
const flag = z.boolean().nullish().catch(undefined);
const date = z.object({ value: z.coerce.number() }).nullish().catch(undefined);

const request = z.object({
  request: z.object({
    id,
    subject: text.catch(undefined),
    description: text.catch(undefined),
    status: named,
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
    has_notes: flag,
    is_trashed: flag,
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
  note: z.object({ id }).nullish().catch(undefined),
  request_note: z.object({ id }).nullish().catch(undefined),
});

const listInfo = z.object({ has_more_rows: flag }).nullish();
/** A list that is null is empty. */
const rows = <T>(row: z.ZodType<T>) =>
  z
    .array(row)
    .nullish()
    .transform((all) => all ?? []);

export const notesPage = z.object({
  notes: rows(z.object({ id, description: text })),
  list_info: listInfo,
});

export const solutionsPage = z.object({
  solutions: rows(
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
      public: flag,
      is_public: flag,
      approval_status: named,
    }),
  ),
  list_info: listInfo,
});

/** Assets have other names and fields from build to build: the fields are looked up by path. */
export const assetsPage = z.looseObject({ list_info: listInfo });
export const assetRow = z.looseObject({ id, name: text });
