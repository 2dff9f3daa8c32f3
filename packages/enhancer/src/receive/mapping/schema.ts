import { z } from "zod";

/** RFC 6901: `/request/priority/name`; `~1` stands for a slash in a name, `~0` for a tilde. */
const pointer = z
  .string()
  .max(500)
  .regex(/^(?:\/(?:[^~]|~[01])*)$/, "must be a JSON pointer such as /request/id");

const list = z.array(pointer).min(1).max(20);
// Each transform ends in a schema of what it makes: the OpenAPI document tells it.
const pointers = z.union([pointer.transform((one) => [one]).pipe(list), list]);

const rule = z.strictObject({
  /** The first that leads to a value counts. */
  from: pointers.default([]),
  /** Values of the desk, in letters of any case, and what they mean here. */
  map: z.record(z.string().min(1).max(200), z.string().min(1).max(200)).optional(),
  /** Where nothing was found, or nothing of `map` fits. */
  otherwise: z.string().max(200).optional(),
  /** Tags go, entities become their characters. */
  html: z.boolean().default(false),
});

/** A pointer, a list of which the first that leads somewhere counts, or a rule. */
const field = z.union([pointers.transform((from): z.input<typeof rule> => ({ from })).pipe(rule), rule]);

/** How a tenant's desk says what we need. Only the ticket's id is a must: the worker reads the rest from the desk. */
export const mappingSchema = z.strictObject({
  /** Bodies that are read; `text` is JSON that calls itself text. */
  bodies: z
    .array(z.enum(["json", "form", "multipart", "text"]))
    .min(1)
    .default(["json"]),
  /** JSON with raw line breaks or quotation marks in its strings is mended. */
  looseJson: z.boolean().default(false),
  /** Other charsets than UTF-8: those that Content-Type names, and windows-1252 where it names none. */
  otherCharsets: z.boolean().default(false),
  fields: z.strictObject({
    ticket_id: field,
    event: field.optional(),
    subject: field.optional(),
    description: field.optional(),
    priority: field.optional(),
    created_at: field.optional(),
    updated_at: field.optional(),
    category: field.optional(),
    group: field.optional(),
    status: field.optional(),
    requester: field.optional(),
    labels: field.optional(),
    /** Who made the change: id or name, compared with our own technician. */
    actor: field.optional(),
  }),
});
export type Mapping = z.output<typeof mappingSchema>;
export type MappingInput = z.input<typeof mappingSchema>;
export type FieldRule = z.output<typeof rule>;
