import {
  type Context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import { asHeaders, extractCarrier, remoteLink, wallClockMs, withForcedTrace } from "@throughline/tracing";
import type { FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import type { JobOrigin } from "../queue/queue.ts";
import { verificationSlowMs } from "./verification.ts";

/** The span of a webhook, and what it began with. */
export interface WebhookSpan {
  span: Span;
  /** What spans below it start in. */
  context: Context;
  startMs: number;
  attributes: Readonly<Record<string, string | number | boolean>>;
  /** Of the sender's trace, where the tenant trusts it. */
  parentSpanId: string | undefined;
  links: readonly Link[];
}

export interface WebhookSpanStart {
  route: string;
  address: string;
  startMs: number;
  /** The sender's trace is continued; else it is linked. */
  isTrusted: boolean;
  /** `throughline verify` asks for a trace that is sampled, and slow after a second. */
  isVerification: boolean;
  attributes: Readonly<Record<string, string | number>>;
}

/**
 * Whether an outside trace context is continued depends on the tenant, so the span opens once the tenant is known, with the time at which
 * the request came; its attributes are there from the start, so that rules of sampling can ask for them.
 */
export function startWebhookSpan(
  tracer: Tracer,
  request: FastifyRequest,
  start: WebhookSpanStart,
): WebhookSpan {
  const { startMs, isTrusted, isVerification } = start;
  const attributes = {
    ...requestAttributes(request, start),
    ...(isVerification ? { "throughline.verify": true } : {}),
    ...start.attributes,
  };
  const { parent: came, links } = parentOf(request, isTrusted, startMs);
  const parent = isVerification ? withForcedTrace(came, { startMs, slowAfterMs: verificationSlowMs }) : came;
  const span = tracer.startSpan(
    `POST ${start.route}`,
    { kind: SpanKind.SERVER, startTime: startMs, links, attributes },
    parent,
  );
  const parentSpanId = trace.getSpanContext(parent)?.spanId;
  return { span, context: trace.setSpan(parent, span), startMs, attributes, parentSpanId, links };
}

export function endWebhookSpan({ span }: WebhookSpan, status: number): void {
  span.setAttributes({
    "http.response.status_code": status,
    "http.status_code": status,
    "status.code": status < 400 ? 0 : status,
  });
  span.end(wallClockMs());
}

/** What a worker needs to make unsampled spans again; nothing where they are sampled. */
export function originOf(
  { span, startMs, attributes, parentSpanId, links }: WebhookSpan,
  queuedAttributes: JobOrigin["queued"]["attributes"],
): { origin?: JobOrigin } {
  const { spanId, traceFlags } = span.spanContext();
  if ((traceFlags & TraceFlags.SAMPLED) !== 0 || !isSpanContextValid(span.spanContext())) return {};
  // The ticket's own fields stand in the job once.
  const { "ticket.description": _, ...kept } = attributes;
  const webhook = {
    spanId,
    parentSpanId,
    startMs,
    attributes: kept,
    links: links.map(({ context: linked }) => asHeaders(linked)),
  };
  return { origin: { webhook, queued: { startMs: wallClockMs(), attributes: queuedAttributes } } };
}

const noLinks: Link[] = [];

function parentOf(
  request: FastifyRequest,
  isTrusted: boolean,
  startMs: number,
): { parent: Context; links: Link[] } {
  const traceparent = headerText(request, "traceparent");
  if (traceparent === "") return { parent: ROOT_CONTEXT, links: noLinks };
  const tracestate = headerText(request, "tracestate");
  if (isTrusted)
    return { parent: extractCarrier({ traceparent, tracestate, traceStartMs: startMs }), links: noLinks };
  const link = remoteLink(traceparent, tracestate);
  return { parent: ROOT_CONTEXT, links: link === undefined ? noLinks : [link] };
}

function requestAttributes(request: FastifyRequest, { route, address }: WebhookSpanStart) {
  const agent = headerText(request, "user-agent");
  return {
    "http.request.method": request.method,
    "http.route": route,
    "url.path": route,
    "url.scheme": "http",
    "network.protocol.version": request.raw.httpVersion,
    "client.address": address,
    "server.port": request.socket.localPort ?? 0,
    "webhook.id": randomUUID(),
    ...(agent === "" ? {} : { "user_agent.original": agent.slice(0, 256) }),
  };
}

function headerText(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? "";
}
