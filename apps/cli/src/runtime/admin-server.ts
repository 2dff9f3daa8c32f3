import { problemMediaType, ThroughlineError, toProblem } from "@throughline/api";
import { type Metrics, metricsFormat, metricsText } from "@throughline/api/metrics";
import { timingSafeEqual } from "node:crypto";
import { withoutSchemaCompilers } from "@throughline/api/http";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import { isLoopback } from "./address.ts";

export interface AdminOptions {
  host: string;
  token: string;
  logger: Logger;
  /** The true state of each part that runs. */
  health: Readonly<Record<string, () => Promise<{ ok: boolean; detail: string }>>>;
  /** What every part measures. */
  metrics: Metrics;
  routes: readonly ((server: FastifyInstance) => void)[];
}

/** `/healthz`, `/readyz`, `/metrics` and the operations of the parts that run. What changes state asks for the token. */
export function createAdminServer(options: AdminOptions): FastifyInstance {
  const { logger, token } = options;
  const server = Fastify({
    schemaController: withoutSchemaCompilers,
    bodyLimit: 64 * 1024,
    requestTimeout: 30_000,
    forceCloseConnections: true,
  });
  server.addHook("onRequest", (request, _reply, done) => done(refusal(request, options.host, token)));
  server.get("/healthz", () => ({ status: "ok" }));
  server.get("/readyz", async (_request, reply) => {
    const parts = Object.fromEntries(
      await Promise.all(
        Object.entries(options.health).map(async ([name, check]) => [name, await check()] as const),
      ),
    );
    const ready = Object.values(parts).every(({ ok }) => ok);
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready", parts });
  });
  server.get("/metrics", async (request, reply) => {
    const format = metricsFormat(request.headers.accept);
    const families = await options.metrics.collect((error) =>
      logger.error({ err: error }, "a figure of /metrics could not be read"),
    );
    return reply.type(format.contentType).send(metricsText(families, format));
  });
  for (const mount of options.routes) mount(server);
  server.setNotFoundHandler((request, reply) =>
    answer(reply, new ThroughlineError("TL_NOT_FOUND", `${request.method} is not served at this path.`)),
  );
  server.setErrorHandler((thrown, _request, reply) => {
    const error = known(thrown);
    if (toProblem(error).status >= 500)
      logger.error({ err: thrown, code: error.code }, "an admin request failed");
    return answer(reply, error);
  });
  return server;
}

function refusal(request: FastifyRequest, host: string, token: string): ThroughlineError | undefined {
  // A page of another site may reach a loopback port through a name of its own (DNS rebinding).
  if (isLoopback(host) && !isLoopback(request.hostname.replace(/^\[|\]$/g, ""))) {
    return new ThroughlineError("TL_HOST_REFUSED", "This address is served under loopback names only.");
  }
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  const sent = Buffer.from(request.headers.authorization ?? "");
  const wanted = Buffer.from(`Bearer ${token}`);
  if (sent.length === wanted.length && timingSafeEqual(sent, wanted)) return undefined;
  return new ThroughlineError("TL_ADMIN_TOKEN_REQUIRED", "The request carries no token, or a wrong one.");
}

function answer(reply: FastifyReply, error: ThroughlineError) {
  const problem = toProblem(error);
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
