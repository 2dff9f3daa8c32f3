import { ThroughlineError } from "@throughline/api";
import type { Health } from "@throughline/api/health";
import { httpMetrics, type Metrics, metricsFormat, metricsText } from "@throughline/api/metrics";
import type { AdminPrincipal, AdminRoute } from "@throughline/api/admin";
import type { Tracer } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { isLoopback } from "./address.ts";
import { newAdminApp } from "./admin-app.ts";
import { adminApiPath, mountAdminApi } from "./admin-api.ts";
import type { AdminDoor } from "./admin-door.ts";

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
  /** Hears what somebody has changed by these, before it is answered. */
  changed: (by: AdminPrincipal, path: string, body: unknown) => Promise<void>;
}

/** Told to everybody: probes and scrapers carry no token. */
const open = new Set(["/healthz", "/readyz", "/metrics"]);

/** `/healthz`, `/readyz`, `/metrics` and the operations of the parts that run. */
export function createAdminServer(options: AdminOptions): FastifyInstance {
  const { logger, door, tracer, version } = options;
  const server = newAdminApp(logger);
  const changing = new WeakMap<FastifyRequest, AdminPrincipal>();
  server.addHook("onRequest", async (request) => {
    refuseForeignHosts(request, options.host);
    const { url = "" } = request.routeOptions;
    // The operations under /admin/api ask for themselves.
    if (open.has(url) || url.startsWith(adminApiPath)) return;
    const looks = request.method === "GET" || request.method === "HEAD";
    if (looks && !options.asksReaders) return;
    const principal = await door.admit(request, looks ? "read" : "admin");
    const { tenant } = principal;
    if (tenant !== undefined)
      throw new ThroughlineError("TL_TOKEN_TENANT", `The token belongs to the tenant ${tenant}.`);
    if (!looks) changing.set(request, principal);
  });
  server.addHook("onSend", async (request, reply) => {
    const by = changing.get(request);
    changing.delete(request);
    if (by !== undefined && reply.statusCode < 400)
      await options.changed(by, request.routeOptions.url ?? "", request.body);
  });
  const answered = httpMetrics(options.metrics, "admin");
  server.addHook("onResponse", (request, reply, done) => {
    const { url: route } = request.routeOptions;
    answered({ method: request.method, route, status: reply.statusCode, seconds: reply.elapsedTime / 1_000 });
    done();
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
  return server;
}

/** A page of another site may reach a loopback port through a name of its own (DNS rebinding). */
function refuseForeignHosts(request: FastifyRequest, host: string): void {
  if (isLoopback(host) && !isLoopback(request.hostname.replace(/^\[|\]$/g, "")))
    throw new ThroughlineError("TL_HOST_REFUSED", "This address is served under loopback names only.");
}
