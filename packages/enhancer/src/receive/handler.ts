import { problemMediaType, ThroughlineError, toProblem } from "@throughline/api";
import type { Tracer } from "@opentelemetry/api";
import type { AnsweredRequest } from "@throughline/api/metrics";
import type { FastifyReply, FastifyRequest } from "fastify";
import { failSpan, sampledTraceId } from "../span.ts";
import type { Authenticator } from "./authenticate.ts";
import type { Door } from "./door.ts";
import { Incoming } from "./incoming.ts";
import type { Gate } from "./limits/gate.ts";
import type { Networks } from "./limits/networks.ts";
import type { WebhookObserver } from "./observe.ts";
import type { RefusalLog } from "./refusal-log.ts";
import { Refused } from "./refused.ts";
import { endWebhookSpan, startWebhookSpan, type WebhookSpan } from "./trace.ts";
import { asksVerification } from "./verification.ts";

/** What one path does with a request whose sender is known. */
export interface Endpoint<T> {
  /** `/webhook/servicedesk`: the span's name and `http.route`. */
  readonly route: string;
  /** Its rate is counted under this name. */
  readonly name: string;
  /** The tenant that a body names which is no JSON object. */
  tenantOf?(incoming: Incoming): string | undefined;
  /** What the body says. Throws a ThroughlineError with the code to answer. */
  read(incoming: Incoming, door: Door): Promise<T>;
  /** Of the span, from its start. */
  attributes(said: T, door: Door): Record<string, string | number>;
  answer(said: T, door: Door, incoming: Incoming, received: WebhookSpan): Promise<Answer>;
}

export interface Answer {
  status: number;
  body: object;
  headers?: Readonly<Record<string, string>>;
}

export interface HandlerParts {
  authenticator: Authenticator;
  tracer: Tracer;
  gate: Gate;
  proxies: Networks;
  observer: WebhookObserver;
  refusals: RefusalLog;
}

/** The way of each request: gate, limits, tenant, signature, schema; then the endpoint's own work, all in one span. */
export function handlerOf<T>(endpoint: Endpoint<T>, parts: HandlerParts) {
  const { authenticator, tracer, gate, proxies, observer, refusals } = parts;

  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    if (!gate.enter()) return answerOverload(reply, parts);
    const startedMs = performance.now();
    let status = 500;
    let traceId: string | undefined;
    try {
      const incoming = new Incoming(request, proxies);
      const outcome = await readWhole(incoming);
      const received = startWebhookSpan(tracer, request, {
        route: endpoint.route,
        address: incoming.address,
        startMs: incoming.receivedAtMs,
        isTrusted: outcome.door?.tenant.settings.webhook.trustsTraceparent === true,
        isVerification: outcome.isVerification,
        attributes: outcome.attributes,
      });
      traceId = sampledTraceId(received.span);
      try {
        if (outcome.said === undefined) throw outcome.error;
        const answer = await endpoint.answer(outcome.said.value, outcome.door, incoming, received);
        ({ status } = answer);
        endWebhookSpan(received, status);
        setHeaders(reply, outcome.headers, answer.headers);
        return await reply.code(status).header("content-type", jsonType).send(JSON.stringify(answer.body));
      } catch (thrown) {
        const error = knownError(thrown);
        failSpan(received.span, error);
        ({ status } = toProblem(error));
        endWebhookSpan(received, status);
        refusals.add(error.code, {
          address: incoming.address,
          ...(outcome.door === undefined ? {} : { tenantId: outcome.door.tenant.id }),
          ...(status >= 500 ? { err: error } : {}),
        });
        observer.refused(error.code);
        setHeaders(reply, outcome.headers);
        return await sendProblem(reply, error, received.span.spanContext().traceId);
      }
    } finally {
      const nowMs = performance.now();
      gate.leave(nowMs - startedMs, nowMs);
      const seconds = (nowMs - startedMs) / 1_000;
      observer.answered({ method: request.method, route: endpoint.route, status, seconds, traceId });
    }
  };

  async function readWhole(incoming: Incoming): Promise<Outcome<T>> {
    let door: Door | undefined;
    let headers: Readonly<Record<string, string>> | undefined;
    try {
      refuseCoding(incoming);
      if (incoming.isTooDeep)
        throw new ThroughlineError("TL_BODY_TOO_DEEP", "The body's JSON is nested deeper than 64 levels.");
      const named = incoming.tenantId ?? endpoint.tenantOf?.(incoming);
      ({ door, headers } = await authenticator.authenticate(incoming, endpoint.name, named));
      const isVerification = asksVerification(incoming, door);
      const value = await endpoint.read(incoming, door);
      return { said: { value }, door, headers, isVerification, attributes: endpoint.attributes(value, door) };
    } catch (thrown) {
      const attributes: Record<string, string> = door === undefined ? {} : { "tenant.id": door.tenant.id };
      const error = knownError(thrown);
      return { said: undefined, error, door, headers, isVerification: false, attributes };
    }
  }
}

type Outcome<T> = {
  headers: Readonly<Record<string, string>> | undefined;
  isVerification: boolean;
  attributes: Record<string, string | number>;
} & (
  | { said: { value: T }; door: Door }
  | { said: undefined; error: ThroughlineError; door: Door | undefined }
);

const jsonType = "application/json; charset=utf-8";

/** Signatures cover the bytes as sent; what a proxy should inflate is not inflated here. */
function refuseCoding({ header }: Incoming): void {
  const coding = header("content-encoding")?.trim().toLowerCase();
  if (coding === undefined || coding === "identity") return;
  throw new ThroughlineError(
    "TL_MEDIA_TYPE_UNSUPPORTED",
    "Bodies are taken as they are, without Content-Encoding.",
  );
}

function setHeaders(reply: FastifyReply, ...sets: (Readonly<Record<string, string>> | undefined)[]): void {
  for (const set of sets) if (set !== undefined) reply.headers(set);
}

export function sendProblem(reply: FastifyReply, error: ThroughlineError, traceId?: string): FastifyReply {
  const problem = { ...toProblem(error), ...(traceId === undefined ? {} : { trace_id: traceId }) };
  if (error instanceof Refused) reply.headers(error.headers);
  else if (problem.status === 503) void reply.header("retry-after", "5");
  return reply.code(problem.status).header("content-type", problemMediaType).send(JSON.stringify(problem));
}

const overloaded = new ThroughlineError(
  "TL_RECEIVER_OVERLOADED",
  "More webhooks are under way than are answered in time.",
);
const overloadedBody = JSON.stringify(toProblem(overloaded));
const overloadedHeaders = {
  "content-type": problemMediaType,
  "content-length": Buffer.byteLength(overloadedBody),
  "retry-after": "1",
};

/** As cheap as an answer can be: that is what leaves time for those that were let in. */
export function answerOverload(
  reply: FastifyReply,
  { observer, refusals }: Pick<HandlerParts, "observer" | "refusals">,
): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(503, overloadedHeaders).end(overloadedBody);
  refusals.add(overloaded.code, {});
  observer.refused(overloaded.code);
  observer.answered(answerOf(reply, 503));
  return reply;
}

/** What is told of an answer outside of the handler. */
export function answerOf(reply: FastifyReply, status: number): AnsweredRequest {
  const { request } = reply;
  const { url: route } = request.routeOptions;
  return { method: request.method, route, status, seconds: reply.elapsedTime / 1_000 };
}

/** Fastify's own errors come before the handler: a body over the limit, or one that never ends. */
export function knownError(thrown: unknown): ThroughlineError {
  if (thrown instanceof ThroughlineError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return new ThroughlineError("TL_BODY_TOO_LARGE", "The body is over the limit of this path.");
  const status = thrown instanceof Error && "statusCode" in thrown ? Number(thrown.statusCode) : 500;
  if (status === 415)
    return new ThroughlineError("TL_MEDIA_TYPE_UNSUPPORTED", "Content-Type names no media type.");
  if (status >= 400 && status < 500)
    return new ThroughlineError("TL_BODY_UNREADABLE", "The request could not be read whole.");
  return new ThroughlineError("TL_INTERNAL", "The webhook could not be handled.", { cause: thrown });
}
