import type { Tracer } from "@opentelemetry/api";
import { problemMediaType, ThroughlineError, toProblem } from "@throughline/api";
import { withoutSchemaCompilers } from "@throughline/api/http";
import type { Metrics } from "@throughline/api/metrics";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import { failSpan } from "../span.ts";
import type { JobIntake } from "../queue/queue.ts";
import type { Tenants } from "../tenants/tenants.ts";
import { Authenticator } from "./authenticate.ts";
import {
  answerOf,
  answerOverload,
  type Endpoint,
  handlerOf,
  type HandlerParts,
  knownError,
  sendProblem,
} from "./handler.ts";
import { BodyBudget } from "./limits/body-budget.ts";
import { clientAddress } from "./limits/client-address.ts";
import { limitConnections } from "./limits/connections.ts";
import { Gate } from "./limits/gate.ts";
import {
  batchFactor,
  headerBytesAtMost,
  headersAtMost,
  largeBodyBytes,
  type WebhookLimits,
} from "./limits/limits.ts";
import { Networks } from "./limits/networks.ts";
import { webhookMetrics } from "./observe.ts";
import type { RateLimiter } from "./rate/rate-limiter.ts";
import { RefusalLog } from "./refusal-log.ts";
import { type HistoryIntake, resolvedEndpoint } from "./resolved-endpoint.ts";
import { ticketEndpoint } from "./ticket-endpoint.ts";
import { endWebhookSpan, startWebhookSpan } from "./trace.ts";

export interface WebhookDependencies {
  tenants: Pick<Tenants, "find" | "only">;
  queue: JobIntake;
  history: HistoryIntake;
  rates: RateLimiter;
  tracer: Tracer;
  /** After how many milliseconds a trace is slow, where a rule says so. */
  slowAfterMs: (traceId: string) => number | undefined;
  metrics: Metrics;
  logger: Logger;
}

/** Serves webhooks and `/healthz`, nothing else. Not listening yet. */
export function createWebhookServer(deps: WebhookDependencies, limits: WebhookLimits): FastifyInstance {
  const { tenants, rates, tracer } = deps;
  const gate = new Gate();
  const large = new BodyBudget(largeBodyBytes);
  const proxies = new Networks(limits.trustedProxies);
  const observer = webhookMetrics(deps.metrics, () => gate.active);
  const refusals = new RefusalLog(deps.logger);
  const authenticator = new Authenticator(tenants, rates, limits.failuresPerMinute);
  const parts: HandlerParts = { authenticator, tracer, gate, proxies, observer, refusals };

  const server = Fastify({
    schemaController: withoutSchemaCompilers,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.bodyTimeoutMs,
    keepAliveTimeout: 65_000,
    forceCloseConnections: "idle",
    // What comes over connections that are still open while the server stops is answered, not refused.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    http: {
      headersTimeout: Math.min(limits.headerTimeoutMs, limits.bodyTimeoutMs),
      connectionsCheckingInterval: Math.min(1_000, limits.headerTimeoutMs),
      maxHeaderSize: headerBytesAtMost,
    },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, _request, reply) => void refuse(reply, knownError(error)),
  });
  // One more than is allowed is enough to know.
  server.server.maxHeadersCount = headersAtMost + 1;
  limitConnections(server.server, {
    perAddress: limits.connectionsPerAddress,
    proxies,
    onRefused: () => {
      observer.refused("TL_TOO_MANY_CONNECTIONS");
      refusals.add("TL_TOO_MANY_CONNECTIONS", {});
    },
  });
  // The signature covers the bytes as sent: they are kept as they came, whatever they say they are.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  server.get("/healthz", (_request, reply) => {
    observer.answered(answerOf(reply, 200));
    return { status: "ok" };
  });
  serve(
    ticketEndpoint({ queue: deps.queue, tracer, slowAfterMs: deps.slowAfterMs, observer }),
    limits.maxBodyBytes,
  );
  serve(resolvedEndpoint(deps.history), limits.maxBodyBytes * batchFactor);

  const paths: Record<string, string> = {
    "/healthz": "GET, HEAD",
    "/webhook/servicedesk": "POST",
    "/webhook/servicedesk/resolved-ticket": "POST",
  };
  server.setNotFoundHandler((request, reply) => {
    const allow = paths[request.url.split("?", 1)[0] ?? ""];
    if (allow === undefined)
      return refuse(reply, new ThroughlineError("TL_NOT_FOUND", "Nothing is served at this path."));
    void reply.header("allow", allow);
    return refuse(reply, new ThroughlineError("TL_METHOD_NOT_ALLOWED", `This path takes ${allow}.`));
  });
  server.setErrorHandler((thrown, _request, reply) => refuse(reply, knownError(thrown)));
  server.addHook("onClose", () => refusals.close());
  return server;

  function serve<T>(endpoint: Endpoint<T>, bodyLimit: number): void {
    server.route({
      method: "POST",
      url: endpoint.route,
      bodyLimit,
      onRequest: (request, reply, done) => {
        if (gate.isClosed) {
          answerOverload(reply, parts);
          return;
        }
        if (request.raw.rawHeaders.length > headersAtMost * 2) {
          done(
            new ThroughlineError("TL_HEADERS_TOO_LARGE", `The request has over ${headersAtMost} headers.`),
          );
          return;
        }
        const length = Number(request.headers["content-length"] ?? Number.NaN);
        const held = large.hold(Number.isNaN(length) ? undefined : length, bodyLimit);
        if (held === undefined) {
          answerOverload(reply, parts);
          return;
        }
        if (held > 0) reply.raw.once("close", () => large.release(held));
        done();
      },
      // What fails before the handler is a request of this path all the same, with a span of its own.
      errorHandler: (thrown, request, reply) =>
        refuseTraced(endpoint.route, request, reply, knownError(thrown)),
      handler: handlerOf(endpoint, parts),
    });
  }

  function refuseTraced(
    route: string,
    request: FastifyRequest,
    reply: FastifyReply,
    error: ThroughlineError,
  ) {
    const forwarded = request.headers["x-forwarded-for"];
    const address = clientAddress(
      request.socket.remoteAddress ?? "",
      typeof forwarded === "string" ? forwarded : undefined,
      proxies,
    );
    const received = startWebhookSpan(tracer, request, {
      route,
      address,
      startMs: Date.now(),
      isTrusted: false,
      isVerification: false,
      attributes: {},
    });
    failSpan(received.span, error);
    endWebhookSpan(received, toProblem(error).status);
    return refuse(reply, error, received.span.spanContext().traceId);
  }

  function refuse(reply: FastifyReply, error: ThroughlineError, traceId?: string) {
    const { status } = toProblem(error);
    observer.answered(answerOf(reply, status));
    observer.refused(error.code);
    refusals.add(error.code, status >= 500 ? { err: error } : {});
    return sendProblem(reply, error, traceId);
  }

  /** What is no HTTP, or comes too slowly: there is no request to answer, only a socket. */
  function answerBrokenRequest(thrown: Error & { code?: string }, socket: Socket): void {
    if (thrown.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const error = brokenRequest(thrown.code);
    const { status } = toProblem(error);
    observer.answered({ method: "", route: undefined, status, seconds: 0 });
    observer.refused(error.code);
    refusals.add(error.code, {});
    const body = JSON.stringify(toProblem(error));
    socket.end(
      `HTTP/1.1 ${status} ${reasons[status] ?? "Bad Request"}\r\ncontent-type: ${problemMediaType}\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
}

/** How long requests under way may take to end once a stop was asked for. */
const stopWithinMs = 1_500;

/** Takes no new connection, answers what is under way, and closes what is not done in time. */
export async function stopWebhookServer(server: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => server.server.closeAllConnections(), stopWithinMs);
  await server.close();
  clearTimeout(timer);
}

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

function brokenRequest(code: string | undefined): ThroughlineError {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new ThroughlineError("TL_REQUEST_TIMEOUT", "The request did not come whole in time.");
  if (code === "HPE_HEADER_OVERFLOW" || code === "HPE_CHUNK_EXTENSIONS_OVERFLOW")
    return new ThroughlineError(
      "TL_HEADERS_TOO_LARGE",
      `The request's headers are over ${headerBytesAtMost} bytes.`,
    );
  return new ThroughlineError("TL_REQUEST_MALFORMED", "What came is no HTTP/1.1 request.");
}
