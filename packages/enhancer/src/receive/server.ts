import { context, type Span, SpanKind, trace } from "@opentelemetry/api";
import { problemMediaType, ThroughlineError, toProblem } from "@throughline/api";
import { wallClockMs } from "@throughline/tracing";
import { withoutSchemaCompilers } from "@throughline/api/http";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { failSpan } from "../span.ts";
import {
  accept,
  header,
  ticketAttributes,
  verify,
  type WebhookDependencies,
  webhookParent,
} from "./webhook.ts";

/** A webhook carries one ticket; its description is at most 10,000 characters. */
export const bodyLimitBytes = 1024 * 1024;
const route = "/webhook/servicedesk";

/** Called once for each webhook with the status that it was answered with. */
export type WebhookObserver = (status: number) => void;

/** Serves webhooks and `/healthz`, nothing else. Not listening yet. */
export function createWebhookServer(
  dependencies: WebhookDependencies & { logger: Logger; observe: WebhookObserver },
): FastifyInstance {
  const { logger, tenants, observe } = dependencies;
  const server = Fastify({
    schemaController: withoutSchemaCompilers,
    bodyLimit: bodyLimitBytes,
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: 200 },
  });
  // The signature covers the bytes as sent: they are kept as they came, whatever they say they are.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  server.get("/healthz", () => ({ status: "ok" }));

  server.post(route, { errorHandler: answerProblem }, async (request, reply) => {
    const receivedAtMs = wallClockMs();
    const { verified, refusal, ...received } = await startTrace(request, receivedAtMs);
    const { span } = received;
    try {
      if (verified === undefined) throw refusal;
      const answer = await context.with(trace.setSpan(context.active(), span), () =>
        accept(verified, received, dependencies),
      );
      endSpan(span, 202);
      return await reply.code(202).send(answer);
    } catch (thrown) {
      const error = known(thrown);
      failSpan(span, error);
      endSpan(span, toProblem(error).status);
      throw error;
    }
  });

  server.setNotFoundHandler((request, reply) => {
    const problem = toProblem(
      new ThroughlineError("TL_NOT_FOUND", `${request.method} is not served at this path.`),
    );
    return reply.code(404).type(problemMediaType).send(problem);
  });
  server.setErrorHandler(answerProblem);
  return server;

  /**
   * Whether an outside trace context is continued depends on the tenant, so the span opens once the tenant is known,
   * with the time at which the request came.
   */
  async function startTrace(request: FastifyRequest, receivedAtMs: number) {
    const verified = await verify(request, tenants).catch((thrown: unknown) => known(thrown));
    const refused = verified instanceof ThroughlineError;
    const { parent, links } = webhookParent(
      request,
      !refused && verified.tenant.settings.webhook.trustsTraceparent,
      receivedAtMs,
    );
    const attributes = { ...requestAttributes(request), ...(refused ? {} : ticketAttributes(verified)) };
    const span = dependencies.tracer.startSpan(
      `POST ${route}`,
      { kind: SpanKind.SERVER, startTime: receivedAtMs, links, attributes },
      parent,
    );
    const parentSpanId = trace.getSpanContext(parent)?.spanId;
    const received = { span, startMs: receivedAtMs, attributes, parentSpanId, links };
    return refused
      ? { ...received, verified: undefined, refusal: verified }
      : { ...received, verified, refusal: undefined };
  }

  function endSpan(span: Span, status: number): void {
    span.setAttributes({
      "http.response.status_code": status,
      "http.status_code": status,
      "status.code": status < 400 ? 0 : status,
    });
    span.end(wallClockMs());
    observe(status);
  }

  function answerProblem(
    thrown: unknown,
    request: FastifyRequest,
    reply: { code(status: number): { type(type: string): { send(body: unknown): unknown } } },
  ) {
    const error = known(thrown);
    const problem = toProblem(error);
    if (problem.status >= 500)
      logger.error({ err: error, code: error.code }, "a webhook could not be accepted");
    else logger.info({ code: error.code, remote: request.ip }, "a webhook was refused");
    return reply.code(problem.status).type(problemMediaType).send(problem);
  }
}

function requestAttributes(request: FastifyRequest) {
  const agent = header(request, "user-agent");
  return {
    "http.request.method": request.method,
    "http.route": route,
    "url.path": route,
    "url.scheme": request.protocol,
    "network.protocol.version": request.raw.httpVersion,
    "client.address": request.ip,
    "server.port": request.socket.localPort ?? 0,
    "webhook.id": randomUUID(),
    ...(agent === undefined ? {} : { "user_agent.original": agent.slice(0, 256) }),
  };
}

/** Fastify's own errors come before the handler: a body over the limit, or one that never ends. */
function known(thrown: unknown): ThroughlineError {
  if (thrown instanceof ThroughlineError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    return new ThroughlineError("TL_BODY_TOO_LARGE", `The body is over ${bodyLimitBytes} bytes.`);
  }
  const status = thrown instanceof Error && "statusCode" in thrown ? Number(thrown.statusCode) : 500;
  if (status >= 400 && status < 500) {
    return new ThroughlineError("TL_BODY_UNREADABLE", "The request could not be read whole.");
  }
  return new ThroughlineError("TL_INTERNAL", "The webhook could not be handled.", { cause: thrown });
}
