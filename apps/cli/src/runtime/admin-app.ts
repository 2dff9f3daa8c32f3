import { type Problem, problemMediaType, ThroughlineError, toProblem } from "@throughline/api";
import { withoutSchemaCompilers } from "@throughline/api/http";
import Fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import { randomBytes } from "node:crypto";
import type { Logger } from "pino";

declare module "fastify" {
  interface FastifyRequest {
    /** Of the span, or made for the log line and the answer of a request that failed. */
    traceId: string | undefined;
  }
}

const bodyLimitBytes = 64 * 1024;

/** A server without routes that answers every error as a problem of the table. */
export function newAdminApp(logger: Logger): FastifyInstance {
  const server = Fastify({
    schemaController: withoutSchemaCompilers,
    bodyLimit: bodyLimitBytes,
    requestTimeout: 30_000,
    forceCloseConnections: true,
  });
  server.decorateRequest("traceId", undefined);
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
