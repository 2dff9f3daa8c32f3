import { z } from "zod";
import { createDocument, type ZodOpenApiPathsObject, type ZodOpenApiResponsesObject } from "zod-openapi";
import { type ErrorCode, errorTable, problemMediaType } from "../errors.ts";
import type { AdminRoute } from "./route.ts";

/** What any route may answer, before its handler is asked. */
const common: readonly ErrorCode[] = [
  "TL_PARAMETER_INVALID",
  "TL_TOKEN_REQUIRED",
  "TL_TOKEN_REFUSED",
  "TL_TOKEN_SCOPE",
  "TL_TOKEN_TENANT",
  "TL_TOKEN_THROTTLED",
  "TL_INTERNAL",
];

const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: "See docs/errors.md." }),
    remedy: z.string(),
    trace_id: z.string().optional(),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details." });

/** The OpenAPI document of the routes that are mounted: generated, so it cannot say anything else than they do. */
export function openApiDocument(routes: readonly AdminRoute[], version: string): object {
  const paths: ZodOpenApiPathsObject = {};
  for (const route of routes) {
    const { method, path, operationId, tag, summary, description, scope, params, query, body } = route;
    const item = (paths[`/admin/api${path}`] ??= {});
    item[method.toLowerCase() as "get"] = {
      operationId,
      tags: [tag],
      summary,
      description: [description, `Needs a token with the scope \`${scope}\`.`].filter(Boolean).join(" "),
      security: [{ token: [] }],
      requestParams: {
        ...(params === undefined ? {} : { path: params }),
        ...(query === undefined ? {} : { query }),
      },
      ...(body === undefined ? {} : { requestBody: { content: { "application/json": { schema: body } } } }),
      responses: responsesOf(route),
    };
  }
  return createDocument({
    openapi: "3.1.1",
    info: {
      title: "Throughline admin API",
      version,
      description: "Tenants, jobs and what became of them. Tokens: docs/access.md; errors: docs/errors.md.",
    },
    servers: [{ url: "/" }],
    components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
    paths,
  });
}

function responsesOf({ status, response, errors = [] }: AdminRoute): ZodOpenApiResponsesObject {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...common, ...errors])) {
    const at = errorTable[code].status ?? 500;
    byStatus.set(at, [...(byStatus.get(at) ?? []), code]);
  }
  const responses: ZodOpenApiResponsesObject = {
    [`${status}`]: { description: "Done.", content: { "application/json": { schema: response } } },
  };
  for (const [at, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    responses[`${at as 400}`] = {
      description: codes.map((code) => `${code}: ${errorTable[code].title}.`).join(" "),
      content: { [problemMediaType]: { schema: problem } },
    };
  }
  return responses;
}
