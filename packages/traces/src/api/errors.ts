import { problemMediaType, ThroughlineError, toProblem } from "@throughline/api/errors";
import type { FastifyReply, FastifyRequest } from "fastify";

const plainText = "text/plain; charset=utf-8";

/** The path of a request target, still percent-encoded. */
function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? "/").replace(/[?#].*$/s, "");
}

/** Answers an error in the form of the API that was called: Jaeger's two generations or a problem of RFC 9457. */
export function answerError(error: ThroughlineError, request: FastifyRequest, reply: FastifyReply) {
  const path = pathOf(request);
  const problem = toProblem(error);
  reply.code(problem.status);
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  if (!isApiPath(path) || path.startsWith("/api/throughline/")) {
    return reply.type(problemMediaType).send(problem);
  }
  // Jaeger's router answers for what is not there, before either of its APIs.
  if (error.code === "TL_NOT_FOUND") return reply.type(plainText).send("404 page not found\n");
  const body = path.startsWith("/api/v3/")
    ? { error: { httpCode: problem.status, message: error.message } }
    : legacyErrors([{ code: problem.status, msg: error.message }]);
  return reply.type(plainText).send(`${JSON.stringify(body)}\n`);
}

export function isApiPath(path: string): boolean {
  return path === "/api" || path.startsWith("/api/");
}

/** Jaeger's legacy envelope of a request that failed. */
function legacyErrors(errors: readonly { code: number; msg: string }[]) {
  return { data: null, total: 0, limit: 0, offset: 0, errors };
}

/** Anything thrown as an error of the table; Fastify's own errors are about requests that could not be read. */
export function knownError(thrown: unknown): ThroughlineError {
  if (thrown instanceof ThroughlineError) return thrown;
  const status = thrown instanceof Error && "statusCode" in thrown ? Number(thrown.statusCode) : 500;
  if (status === 404) return new ThroughlineError("TL_NOT_FOUND", "Nothing is served at this path.");
  if (status === 413)
    return new ThroughlineError("TL_BODY_TOO_LARGE", "The body is over the limit of this path.");
  if (status >= 400 && status < 500) {
    return new ThroughlineError("TL_PARAMETER_INVALID", "The request's path or headers cannot be read.");
  }
  return new ThroughlineError("TL_INTERNAL", "The request could not be answered.", { cause: thrown });
}
