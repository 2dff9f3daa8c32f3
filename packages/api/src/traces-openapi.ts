import { z } from "zod";
import { createDocument, type ZodOpenApiObject } from "zod-openapi";
import {
  bounds,
  emptied,
  filters,
  goDuration,
  listLimit,
  operation,
  refusal,
  setLimit,
} from "./openapi-operation.ts";
import { callStructure, traceDifferences } from "./trace-sets.ts";
import { traceColumnsType } from "./trace-columns.ts";
import { systemStatus } from "./system.ts";
import {
  attributeKeys,
  attributeValues,
  exemplar,
  exemplarAnswer,
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
        query: z.object({
          service: filters.service,
          operation: filters.operation,
          kind: z
            .array(z.enum(["unspecified", "internal", "server", "client", "producer", "consumer"]))
            .optional()
            .meta({ description: "repeatable; default: all" }),
          by: z
            .enum(["operation", "service"])
            .optional()
            .meta({ description: "`service`: operations and kinds counted together" }),
          step: z.coerce
            .number()
            .int()
            .min(1)
            .max(1_440)
            .optional()
            .meta({ description: "minutes that are counted as one; default 1" }),
          ...bounds,
        }),
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
    "/api/throughline/exemplars": {
      get: operation({
        id: "listExemplars",
        summary:
          "Spans that stand for many: of each trace that fits, the longest one, the newest traces first",
        query: z.object({
          service: z.string(),
          operation: filters.operation,
          status: filters.status,
          minDuration: filters.minDuration,
          maxDuration: filters.maxDuration,
          start: filters.start,
          end: filters.end,
          limit: z.coerce.number().int().min(1).max(50).optional().meta({ description: "default 20" }),
        }),
        json: exemplarAnswer,
        line: exemplar,
      }),
    },
    "/api/throughline/system": {
      get: operation({
        id: "getSystem",
        summary:
          "How the backend is: health of its parts, what comes in and what is dropped, what is stored; not for tenants",
        json: systemStatus,
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
