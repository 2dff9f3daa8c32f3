import { context, type Link, ROOT_CONTEXT, type Span, SpanKind, type Tracer } from "@opentelemetry/api";
import {
  type FieldError,
  ThroughlineError,
  type TicketWebhook,
  ticketWebhook,
  type WebhookAccepted,
} from "@throughline/api";
import { extractCarrier, injectCarrier, remoteLink } from "@throughline/tracing";
import type { FastifyRequest } from "fastify";
import { randomUUID } from "node:crypto";
import { type JobIntake, queueName } from "../queue/queue.ts";
import { inTicketSpan } from "../span.ts";
import type { Tenant, Tenants } from "../tenants/tenants.ts";
import type { Ticket } from "../ticket.ts";
import { isSignedBy } from "./signature.ts";

export interface WebhookDependencies {
  tenants: Tenants;
  queue: JobIntake;
  tracer: Tracer;
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
  if (!isSignedBy(tenant.secret, rawBody, header(request, "x-servicedesk-signature"))) {
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
  span: Span,
  receivedAtMs: number,
  { queue, tracer }: WebhookDependencies,
): Promise<WebhookAccepted> {
  const ticket: Ticket = {
    tenantId: tenant.id,
    ticketId: webhook.ticket_id,
    event: webhook.event,
    description: webhook.description,
    priority: webhook.priority,
    createdAt: webhook.created_at,
  };
  span.setAttributes({
    "tenant.id": tenant.id,
    "ticket.id": ticket.ticketId,
    "ticket.priority": ticket.priority,
    "ticket.event": ticket.event,
    "ticket.description": ticket.description,
  });
  const jobId = randomUUID();
  const attributes = {
    "queue.name": queueName,
    "job.id": jobId,
    "messaging.system": "sqlite",
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": queueName,
    "messaging.message.id": jobId,
  };
  await inTicketSpan(tracer, "job_queued", ticket, { kind: SpanKind.PRODUCER, attributes }, () =>
    queue.enqueue({ id: jobId, ticket, carrier: injectCarrier(context.active(), receivedAtMs) }),
  );
  return {
    status: "accepted",
    job_id: jobId,
    trace_id: span.spanContext().traceId,
    message: `Ticket ${ticket.ticketId} is queued for enhancement.`,
  };
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
