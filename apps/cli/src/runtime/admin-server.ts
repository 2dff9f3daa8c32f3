import { type Problem, problemMediaType, ThroughlineError, toProblem } from "@throughline/api";
import type { Health } from "@throughline/api/health";
import { type Metrics, metricsFormat, metricsText } from "@throughline/api/metrics";
import type { AdminRoute } from "@throughline/api/admin";
import { withoutSchemaCompilers } from "@throughline/api/http";
import type { Tracer } from "@opentelemetry/api";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { isLoopback } from "./address.ts";
import { adminApiPath, mountAdminApi } from "./admin-api.ts";
import type { AdminDoor } from "./admin-door.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Of the span, or made for the log line and the answer of a request that failed. */
    traceId: string | undefined;
  }
}

export interface AdminOptions {
  host: string;
  door: AdminDoor;
  /** Whether what only looks asks for a token outside of /admin/api too. */
  asksReaders: boolean;
  version: string;
  tracer: Tracer;
  logger: Logger;
  /** What this process depends on, and how that is. */
  health: Health;
  /** What every part measures. */
  metrics: Metrics;
  /** Under /admin/api. */
  api: readonly AdminRoute[];
  /** Beside it. */
  routes: readonly ((server: FastifyInstance) => void)[];
}

/** Told to everybody: probes and scrapers carry no token. */
const open = new Set(["/healthz", "/readyz", "/metrics"]);

/** `/healthz`, `/readyz`, `/metrics` and the operations of the parts that run. */
export function createAdminServer(options: AdminOptions): FastifyInstance {
  const { logger, door, tracer, version } = options;
  const server = Fastify({
    schemaController: withoutSchemaCompilers,
    bodyLimit: 64 * 1024,
    requestTimeout: 30_000,
    forceCloseConnections: true,
  });
  server.decorateRequest("traceId", undefined);
  server.addHook("onRequest", async (request) => {
    refuseForeignHosts(request, options.host);
    const { url = "" } = request.routeOptions;
    // The operations under /admin/api ask for themselves.
    if (open.has(url) || url.startsWith(adminApiPath)) return;
    const looks = request.method === "GET" || request.method === "HEAD";
    if (looks && !options.asksReaders) return;
    const { tenant } = await door.admit(request, looks ? "read" : "admin");
    if (tenant !== undefined)
      throw new ThroughlineError("TL_TOKEN_TENANT", `The token belongs to the tenant ${tenant}.`);
  });
  server.get("/healthz", () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const report = await options.health.report();
    return reply.code(report.status === "failed" ? 503 : 200).send(report);
  });
  server.get("/metrics", async (request, reply) => {
    const format = metricsFormat(request.headers.accept);
    const families = await options.metrics.collect((error) =>
      logger.error({ err: error }, "a figure of /metrics could not be read"),
    );
    return reply.type(format.contentType).send(metricsText(families, format));
  });
  mountAdminApi(server, options.api, { door, tracer, version });
  for (const mount of options.routes) mount(server);
  server.setNotFoundHandler((request) => {
    throw new ThroughlineError("TL_NOT_FOUND", `${request.method} is not served at this path.`);
  });
  server.setErrorHandler((thrown, request, reply) => {
    const error = known(thrown);
    const traceId = request.traceId ?? randomBytes(16).toString("hex");
    const problem = toProblem(error, traceId);
    const entry = { trace_id: traceId, code: error.code, method: request.method, remote: request.ip };
    if (problem.status >= 500) logger.error({ ...entry, err: thrown }, "an admin request failed");
    else if (problem.status !== 404) logger.info(entry, "an admin request was refused");
    return answer(reply, problem);
  });
  return server;
}

/** A page of another site may reach a loopback port through a name of its own (DNS rebinding). */
function refuseForeignHosts(request: FastifyRequest, host: string): void {
  if (isLoopback(host) && !isLoopback(request.hostname.replace(/^\[|\]$/g, "")))
    throw new ThroughlineError("TL_HOST_REFUSED", "This address is served under loopback names only.");
}

function answer(reply: FastifyReply, problem: Problem) {
  if (problem.status === 401) void reply.header("www-authenticate", "Bearer");
  if (problem.status === 429) void reply.header("retry-after", "1");
  return reply.code(problem.status).type(problemMediaType).send(problem);
}

function known(thrown: unknown): ThroughlineError {
  if (thrown instanceof ThroughlineError) return thrown;
  const status = thrown instanceof Error && "statusCode" in thrown ? Number(thrown.statusCode) : 500;
  if (status === 413) return new ThroughlineError("TL_BODY_TOO_LARGE", "The body is over 64 KiB.");
  if (status >= 400 && status < 500)
    return new ThroughlineError("TL_BODY_UNREADABLE", "The request could not be read.");
  return new ThroughlineError("TL_INTERNAL", "The request could not be handled.", { cause: thrown });
}
