import { z } from "zod";
import { createDocument, type ZodOpenApiObject, type ZodOpenApiOperationObject } from "zod-openapi";
import { callStructure, traceDifferences } from "./trace-sets.ts";
import { traceColumnsType } from "./trace-columns.ts";
import {
  attributeKeys,
  attributeValues,
  redAnswer,
  redSeries,
  serviceCall,
  serviceCalls,
  spanView,
  traceSearchAnswer,
  traceSummary,
  traceView,
} from "./traces.ts";

/** The OpenAPI document of Throughline's own read API, made of the schemas that its answers are tested against. */

const time = z.string().meta({ format: "date-time", examples: ["2026-01-02T03:04:05.678Z"] });
const goDuration = z
  .string()
  .meta({ description: "a Go duration with its unit", examples: ["1.5s", "300ms"] });
const bounds = {
  start: time
    .optional()
    .meta({ description: "spans that start at or after it (default: an hour before `end`)" }),
  end: time.optional().meta({ description: "spans that start at or before it (default: now)" }),
};
const listLimit = z.coerce.number().int().min(1).max(10_000).optional().meta({ description: "default 100" });

const setLimit = z.coerce.number().int().min(1).max(2_000).optional();

const filters = {
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

const searchParameters = z.object({
  q: z.string().optional().meta({ description: "a trace id, whatever the other parameters, or a ticket id" }),
  ...filters,
  limit: z.coerce.number().int().min(1).optional().meta({
    description: "traces: default 20, at most 1,500; as application/x-ndjson without a maximum",
  }),
  cursor: z
    .string()
    .optional()
    .meta({ description: "`next` of the answer before, with the same other parameters" }),
});

const exportFormats = ["otlp-json", "jaeger-json", "ndjson", "parquet"] as const;

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

const refusal = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problem } },
});
const emptied = z.object({
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

function operation(parts: {
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

const summary = traceSummary.meta({ id: "TraceSummary" });
const span = spanView.meta({ id: "Span" });

const description: ZodOpenApiObject = {
  openapi: "3.1.1",
  info: {
    title: "Throughline's trace API",
    version: "1",
    description:
      "Reads traces. Jaeger's own APIs are served beside it: services and operations are at /api/v3/services and /api/v3/operations. Times in nanoseconds are exact to 2^53.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  security: [{}, { token: [] }],
  components: {
    securitySchemes: {
      token: {
        type: "http",
        scheme: "bearer",
        description: "`throughline token add --scope read`; required beyond loopback",
      },
    },
  },
  paths: {
    "/api/throughline/traces": {
      get: operation({
        id: "searchTraces",
        summary: "Traces with a span that meets all that is asked, the newest first",
        query: searchParameters,
        json: traceSearchAnswer.extend({ traces: z.array(summary) }),
        line: summary,
        linked: true,
      }),
    },
    "/api/throughline/traces/{traceId}": {
      get: operation({
        id: "getTrace",
        summary: "A trace as a tree, with self times, bottleneck and critical path",
        path: z.object({ traceId: z.string().regex(/^[0-9a-fA-F]{1,32}$/) }),
        json: traceView.extend({ summary, spans: z.array(span) }),
        line: span,
        binary: traceColumnsType,
        linked: true,
        missing: "no span of it is stored",
      }),
    },
    "/api/throughline/attributes": {
      get: operation({
        id: "listAttributes",
        summary: "Keys of attributes and how many spans have each, the most frequent first",
        query: z.object({ ...bounds, limit: listLimit }),
        json: attributeKeys,
        line: attributeKeys.shape.keys.element,
      }),
    },
    "/api/throughline/attribute-values": {
      get: operation({
        id: "listAttributeValues",
        summary: "Values of one attribute, as text, and how many spans have each, the most frequent first",
        query: z.object({ key: z.string(), ...bounds, limit: listLimit }),
        json: attributeValues,
        line: attributeValues.shape.values.element,
      }),
    },
    "/api/throughline/red": {
      get: operation({
        id: "getServicePerformance",
        summary:
          "Rates, errors and durations of every received span by service, operation, kind and minute of its start; quantiles within 3.2 %",
        query: z.object({ service: filters.service, operation: filters.operation, ...bounds }),
        json: redAnswer,
        line: redSeries,
      }),
    },
    "/api/throughline/service-calls": {
      get: operation({
        id: "getServiceCalls",
        summary: "Calls from service to service, and to databases, queues and others that send no spans",
        query: z.object(bounds),
        json: serviceCalls,
        line: serviceCall,
      }),
    },
    "/api/throughline/structure": {
      get: operation({
        id: "getStructure",
        summary: "What traces look like together: who calls whom, how often, how long",
        query: z.object({
          trace: z
            .array(z.string())
            .optional()
            .meta({ description: "ids, up to 20; the filters of a search otherwise" }),
          ...filters,
          limit: setLimit.meta({ description: "traces, the newest; default 50" }),
        }),
        json: callStructure,
      }),
    },
    "/api/throughline/differences": {
      get: operation({
        id: "getDifferences",
        summary:
          "What the failed or the slow traces of a search have that the rest have not, attribute by attribute",
        query: z.object({
          select: z
            .enum(["error", "slow"])
            .optional()
            .meta({ description: "default error; slow: the slowest tenth, or those of `slowerThan`" }),
          slowerThan: goDuration.optional(),
          attributes: z.coerce
            .number()
            .int()
            .min(1)
            .max(1_000)
            .optional()
            .meta({ description: "default 50" }),
          ...filters,
          limit: setLimit.meta({ description: "traces, the newest; default 500" }),
        }),
        json: traceDifferences,
      }),
    },
    "/api/throughline/export": {
      get: {
        operationId: "exportTraces",
        summary: "Every trace that a search finds, the newest first, as one stream",
        requestParams: {
          query: z.object({
            format: z.enum(exportFormats).optional().meta({ description: "default otlp-json" }),
            ...filters,
            limit: z.coerce.number().int().min(1).optional().meta({ description: "traces; default: all" }),
          }),
        },
        responses: {
          "200": {
            headers: emptied,
            description:
              "otlp-json: a TracesData on each line; ndjson: a span on each line; jaeger-json: one document; parquet: a file. The lines of ndjson and the rows of parquet carry the span as OTLP too. An export that fails on the way ends without its last bytes.",
            content: {
              "application/x-ndjson": { schema: z.object({}).loose() },
              "application/json": { schema: z.object({ data: z.array(z.object({}).loose()) }) },
              "application/vnd.apache.parquet": { schema: z.string().meta({ format: "binary" }) },
            },
          },
          "400": refusal("a parameter is wrong or unknown"),
        },
      },
    },
    "/api/throughline/openapi.json": {
      get: {
        operationId: "getOpenApi",
        summary: "This document",
        responses: {
          "200": {
            description: "OpenAPI 3.1",
            content: { "application/json": { schema: z.object({ openapi: z.string() }).loose() } },
          },
        },
      },
    },
  },
};

export function openApiDocument(): ReturnType<typeof createDocument> {
  return createDocument(description);
}
