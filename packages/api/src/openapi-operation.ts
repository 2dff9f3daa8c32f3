import { z } from "zod";
import type { ZodOpenApiOperationObject } from "zod-openapi";

/** What the operations of the read API have in common: parameters, refusals, headers. */

const time = z.string().meta({ format: "date-time", examples: ["2026-01-02T03:04:05.678Z"] });
export const goDuration = z
  .string()
  .meta({ description: "a Go duration with its unit", examples: ["1.5s", "300ms"] });
export const bounds = {
  start: time
    .optional()
    .meta({ description: "spans that start at or after it (default: an hour before `end`)" }),
  end: time.optional().meta({ description: "spans that start at or before it (default: now)" }),
};
export const listLimit = z.coerce
  .number()
  .int()
  .min(1)
  .max(10_000)
  .optional()
  .meta({ description: "default 100" });

export const setLimit = z.coerce.number().int().min(1).max(2_000).optional();

export const filters = {
  service: z.string().optional().meta({ description: "exact name of a service" }),
  operation: z.string().optional().meta({ description: "exact name of a span" }),
  tag: z.array(z.string()).optional().meta({
    description: "`key=value`, repeatable: an attribute by its text, wherever on the span it stands",
  }),
  status: z.enum(["error", "ok"]).optional(),
  where: z
    .string()
    .max(4_096)
    .optional()
    .meta({
      description: "a condition, see docs/search.md",
      examples: ["http.status_code >= 500 and not :service = checkout"],
    }),
  minDuration: goDuration.optional(),
  maxDuration: goDuration.optional(),
  minTraceDuration: goDuration.optional().meta({ description: "of the whole trace" }),
  maxTraceDuration: goDuration.optional().meta({ description: "of the whole trace" }),
  start: time.optional().meta({ description: "spans that start at or after it" }),
  end: time.optional().meta({ description: "spans that start at or before it" }),
};

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().meta({ description: "a row of docs/errors.md", examples: ["TL_PARAMETER_INVALID"] }),
    remedy: z.string(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457" });

export const refusal = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problem } },
});
export const emptied = z.object({
  "throughline-removed": z
    .string()
    .optional()
    .meta({
      description:
        "of an empty answer, where retention has deleted spans: when it last did, and until which start there may be none",
      examples: ['at="2026-01-05T00:00:00.000Z", until="2026-01-02T00:00:00.000Z"'],
    }),
});
const links = emptied.extend({
  link: z.string().optional().meta({
    description:
      "RFC 8288: `rel=alternate` the page of the console, `rel=next` the following page where there is one",
  }),
});

/** A GET, with the answers that all of them have. */
export function operation(parts: {
  id: string;
  summary: string;
  query?: z.ZodObject;
  path?: z.ZodObject;
  json: z.ZodType;
  /** Of each line where application/x-ndjson is asked for. */
  line?: z.ZodType;
  /** A form that is no text, by its type. */
  binary?: string;
  linked?: boolean;
  missing?: string;
}): ZodOpenApiOperationObject {
  const { id, summary, query, path, json, line, binary, linked, missing } = parts;
  return {
    operationId: id,
    summary,
    requestParams: { ...(query === undefined ? {} : { query }), ...(path === undefined ? {} : { path }) },
    responses: {
      "200": {
        description: summary,
        headers: linked === true ? links : emptied,
        content: {
          "application/json": { schema: json },
          ...(line === undefined ? {} : { "application/x-ndjson": { schema: line } }),
          ...(binary === undefined ? {} : { [binary]: { schema: z.string().meta({ format: "binary" }) } }),
        },
      },
      "400": refusal("a parameter is wrong or unknown"),
      "401": refusal("a token is required, or the one that was sent is not good"),
      "403": refusal("the token does not allow this, or the address is served under another name"),
      ...(missing === undefined ? {} : { "404": refusal(missing) }),
      "503": refusal("the store cannot read, or took too long"),
    },
  };
}
