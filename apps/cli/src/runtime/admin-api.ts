import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { ThroughlineError, toProblem } from "@throughline/api";
import type { AdminPrincipal, AdminRoute, AdminScope } from "@throughline/api/admin";
import type { FastifyInstance, FastifyRequest } from "fastify";

export const adminApiPath = "/admin/api";

/** Lets in who may. */
export interface Door {
  /** Throws TL_TOKEN_REQUIRED, TL_TOKEN_REFUSED, TL_TOKEN_THROTTLED, TL_TOKEN_SCOPE. */
  admit(request: FastifyRequest, scope: AdminScope): Promise<AdminPrincipal>;
}

/**
 * Mounts operations under `/admin/api`. The door asks each for a token, or knows who asks. What changes something is a span of its own: its
 * trace id stands in the answer when it fails, and in the audit log's neighbourhood of the same time.
 */
export function mountAdminApi(
  server: FastifyInstance,
  routes: readonly AdminRoute[],
  { door, tracer, version }: { door: Door; tracer: Tracer; version: string },
): void {
  for (const route of routes) {
    const template = adminApiPath + route.path;
    server.route({
      method: route.method,
      url: template.replace(/\{(\w+)\}/g, ":$1"),
      handler: async (request, reply) => {
        const answer = await (route.method === "GET"
          ? perform(route, request, door)
          : inSpan(tracer, request, template, () => perform(route, request, door)));
        if (answer.etag !== undefined) void reply.header("etag", `"${answer.etag}"`);
        return reply.code(route.status).send(answer.body);
      },
    });
  }
  let document: object | undefined;
  server.get(`${adminApiPath}/openapi.json`, async () => {
    if (document === undefined) {
      const { openApiDocument } = await import("@throughline/api/openapi");
      document = openApiDocument(routes, version);
    }
    return document;
  });
}

async function perform(route: AdminRoute, request: FastifyRequest, door: Door) {
  const principal = await door.admit(request, route.scope);
  const params = request.params as Record<string, string>;
  const reaches = route.reach === "own" || (route.reach === "path" && params["tenant"] === principal.tenant);
  if (principal.tenant !== undefined && !reaches) {
    throw new ThroughlineError(
      "TL_TOKEN_TENANT",
      `The token "${principal.name}" belongs to the tenant ${principal.tenant}.`,
    );
  }
  return route.run({
    params,
    query: request.query,
    body: request.body,
    principal,
    ifMatch: request.headers["if-match"]?.replace(/^(?:W\/)?"(.*)"$/, "$1"),
  });
}

async function inSpan<T>(
  tracer: Tracer,
  request: FastifyRequest,
  template: string,
  work: () => Promise<T>,
): Promise<T> {
  const attributes = {
    "http.request.method": request.method,
    "http.route": template,
    "url.path": request.url.split("?", 1)[0] ?? "",
    "client.address": request.ip,
  };
  const span = tracer.startSpan(
    `${request.method} ${template}`,
    { kind: SpanKind.SERVER, attributes },
    ROOT_CONTEXT,
  );
  try {
    const result = await context.with(trace.setSpan(ROOT_CONTEXT, span), work);
    end(span, 200);
    return result;
  } catch (error) {
    const problem = error instanceof ThroughlineError ? toProblem(error) : undefined;
    span.setStatus({ code: SpanStatusCode.ERROR, message: problem?.title ?? "An unexpected error" });
    span.setAttribute("error.type", problem?.code ?? "TL_INTERNAL");
    end(span, problem?.status ?? 500);
    request.traceId = span.spanContext().traceId;
    throw error;
  }
}

function end(span: Span, status: number): void {
  span.setAttributes({ "http.response.status_code": status, "status.code": status < 400 ? 0 : status });
  span.end();
}
