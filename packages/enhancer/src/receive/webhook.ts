import {
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";
import {
  type FieldError,
  ThroughlineError,
  type TicketWebhook,
  ticketWebhook,
  type WebhookAccepted,
} from "@throughline/api";
import { asHeaders, extractCarrier, injectCarrier, remoteLink, wallClockMs } from "@throughline/tracing";
import type { FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import { jobIdOf } from "../queue/job-id.ts";
import { type JobIntake, type JobOrigin, queueName } from "../queue/queue.ts";
import { inTicketSpan } from "../span.ts";
import { type Tenant, type Tenants, webhookSecrets } from "../tenants/tenants.ts";
import type { Ticket } from "../ticket.ts";
import { isSignedBy } from "./signature.ts";

export interface WebhookDependencies {
  tenants: Tenants;
  queue: JobIntake;
  tracer: Tracer;
  /** After how many milliseconds a trace is slow, where a rule says so. */
  slowAfterMs: (traceId: string) => number | undefined;
}

/** The span of a webhook, and what it began with. */
export interface WebhookSpan {
  span: Span;
  startMs: number;
  attributes: Record<string, string | number>;
  /** Of the sender's trace, where the tenant trusts it. */
  parentSpanId: string | undefined;
  links: readonly Link[];
}

/** A webhook whose sender and content are known to be good. */
interface Verified {
  tenant: Tenant;
  webhook: TicketWebhook;
}

/**
 * Who sent it, then what it says: tenant (body, `X-Tenant-ID`, the only one), signature over the raw bytes, schema.
 * Throws a ThroughlineError with the code to answer; nothing of the body is in its message.
 */
export async function verify(request: FastifyRequest, tenants: Tenants): Promise<Verified> {
  const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const parsed = parseJson(rawBody);
  const tenant = await findTenant(parsed, header(request, "x-tenant-id"), tenants);
  const signature = header(request, "x-servicedesk-signature");
  if (!webhookSecrets(tenant).some((secret) => isSignedBy(secret, rawBody, signature))) {
    throw new ThroughlineError(
      "TL_SIGNATURE_INVALID",
      "X-ServiceDesk-Signature is missing or does not match the body.",
    );
  }
  if (parsed === undefined) throw invalid([{ field: "(body)", message: "is not valid JSON" }]);
  const result = ticketWebhook.safeParse(parsed);
  if (!result.success) throw invalid(result.error.issues.flatMap(fieldErrors));
  return { tenant, webhook: result.data };
}

/** The root of a ticket's trace, unless the tenant trusts the trace context that came with the webhook. */
export function webhookParent(request: FastifyRequest, trusted: boolean, now: number) {
  const traceparent = header(request, "traceparent") ?? "";
  const tracestate = header(request, "tracestate") ?? "";
  if (trusted) return { parent: extractCarrier({ traceparent, tracestate, traceStartMs: now }), links: [] };
  const link = remoteLink(traceparent, tracestate);
  return { parent: ROOT_CONTEXT, links: link === undefined ? [] : ([link] satisfies Link[]) };
}

/** Makes the job and waits until it is durable. */
export async function accept(
  { tenant, webhook }: Verified,
  received: WebhookSpan,
  { queue, tracer, slowAfterMs }: WebhookDependencies,
): Promise<WebhookAccepted> {
  const ticket: Ticket = {
    tenantId: tenant.id,
    ticketId: webhook.ticket_id,
    event: webhook.event,
    description: webhook.description,
    priority: webhook.priority,
    createdAt: webhook.created_at,
  };
  const { span, startMs } = received;
  const { traceId } = span.spanContext();
  const deliveryId = randomUUID();
  const jobId = jobIdOf(tenant.id, deliveryId);
  const attributes = {
    "queue.name": queueName,
    "job.id": jobId,
    "messaging.system": queue.system,
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": queueName,
    "messaging.message.id": jobId,
  };
  const options = { kind: SpanKind.PRODUCER, attributes };
  const enqueued = await inTicketSpan(tracer, "job_queued", ticket, options, async (queuedSpan) => {
    const carrier = injectCarrier(context.active(), startMs);
    const threshold = slowAfterMs(traceId);
    if (threshold !== undefined) carrier.slowAfterMs = threshold;
    const stored = await queue.enqueue({ deliveryId, ticket, carrier, ...originOf(received, attributes) });
    if (!stored.isNew)
      queuedSpan.setAttributes({ "job.id": stored.jobId, "messaging.message.id": stored.jobId });
    return stored;
  });
  return {
    status: "accepted",
    job_id: enqueued.jobId,
    trace_id: enqueued.traceId,
    message: `Ticket ${ticket.ticketId} is queued for enhancement.`,
  };
}

/** What the webhook's span says of its ticket; known before it starts, so that rules of sampling can ask for it. */
export function ticketAttributes({ tenant, webhook }: Verified): Record<string, string> {
  return {
    "tenant.id": tenant.id,
    "ticket.id": webhook.ticket_id,
    "ticket.priority": webhook.priority,
    "ticket.event": webhook.event,
    "ticket.description": webhook.description,
  };
}

/** What a worker needs to make unsampled spans again; nothing where they are sampled. */
function originOf(
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

async function findTenant(body: unknown, headerId: string | undefined, tenants: Tenants): Promise<Tenant> {
  const named = typeof body === "object" && body !== null && "tenant_id" in body ? body.tenant_id : undefined;
  const id = typeof named === "string" ? named : headerId;
  const tenant = id === undefined ? await tenants.only() : await tenants.find(id);
  if (tenant !== undefined) return tenant;
  if (id === undefined)
    throw new ThroughlineError("TL_TENANT_MISSING", "Neither the body nor X-Tenant-ID names a tenant.");
  throw new ThroughlineError("TL_TENANT_UNKNOWN", "The tenant that the webhook names does not exist.");
}

/** undefined for what is not JSON; the signature is checked first, so that only the tenant learns of it. */
function parseJson(rawBody: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(rawBody)) as unknown;
  } catch {
    return undefined;
  }
}

function fieldErrors(issue: {
  code: string;
  path: PropertyKey[];
  message: string;
  keys?: string[];
}): FieldError[] {
  // An unknown field's name is the sender's text: only the fact is told, and a name of harmless form.
  if (issue.code === "unrecognized_keys") {
    return (issue.keys ?? []).map((key) => ({
      field: /^[\w.-]{1,64}$/.test(key) ? key : "(unnamed)",
      message: "is not a known field",
    }));
  }
  return [{ field: issue.path.join(".") || "(body)", message: issue.message }];
}

function invalid(fields: FieldError[]): ThroughlineError {
  const names = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new ThroughlineError("TL_TICKET_INVALID", names.slice(0, 1_000), { fields });
}

export function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
