import { type Span, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import { injectCarrier, wallClockMs } from "@throughline/tracing";
import { jobIdOf } from "../queue/job-id.ts";
import { type Enqueued, type JobIntake, queueName } from "../queue/queue.ts";
import { failSpan } from "../span.ts";
import type { Ticket } from "../ticket.ts";
import { deliveryIdOf } from "./delivery-id.ts";
import type { Door } from "./door.ts";
import type { Answer, Endpoint } from "./handler.ts";
import { ignoredBecause } from "./ignored.ts";
import type { Heard } from "./mapping/heard.ts";
import type { WebhookObserver } from "./observe.ts";
import { readTicket } from "./read-ticket.ts";
import { originOf, type WebhookSpan } from "./trace.ts";

export interface TicketParts {
  queue: JobIntake;
  tracer: Tracer;
  /** After how many milliseconds a trace is slow, where a rule says so. */
  slowAfterMs: (traceId: string) => number | undefined;
  observer: WebhookObserver;
}

/** `POST /webhook/servicedesk`: an event on a ticket becomes a job. 202 once that is durable; 200 where it makes none. */
export function ticketEndpoint(parts: TicketParts): Endpoint<Heard> {
  return {
    route: "/webhook/servicedesk",
    name: "ticket",
    read: (incoming, door) => readTicket(incoming, door.mapping, incoming.receivedAtMs),
    attributes: (heard, { tenant }) => ({
      "tenant.id": tenant.id,
      "ticket.id": heard.ticketId,
      "ticket.priority": heard.priority,
      "ticket.event": heard.event,
      "ticket.description": heard.description,
    }),
    answer: async (heard, door, incoming, received) => {
      const { traceId } = received.span.spanContext();
      const ignored = ignoredBecause(door.tenant.settings, heard);
      if (ignored !== undefined) {
        const { reason, detail } = ignored;
        received.span.setAttributes({ "webhook.ignored": reason, "webhook.ignored.detail": detail });
        parts.observer.settled(reason);
        return { status: 200, body: { status: "ignored", reason, trace_id: traceId, message: detail } };
      }
      const stored = await enqueue(
        ticketOf(heard, door),
        deliveryIdOf(door, incoming, heard),
        received,
        parts,
      );
      return accepted(heard.ticketId, stored, received.span, parts.observer);
    },
  };
}

function ticketOf(heard: Heard, { tenant }: Door): Ticket {
  return {
    tenantId: tenant.id,
    ticketId: heard.ticketId,
    event: heard.event,
    description: heard.description,
    priority: heard.priority,
    createdAt: heard.createdAt,
  };
}

/** Makes the job inside its own span and waits until it is durable. */
async function enqueue(
  ticket: Ticket,
  deliveryId: string,
  received: WebhookSpan,
  { queue, tracer, slowAfterMs }: TicketParts,
): Promise<Enqueued> {
  const jobId = jobIdOf(ticket.tenantId, deliveryId);
  const attributes = {
    "tenant.id": ticket.tenantId,
    "ticket.id": ticket.ticketId,
    "status.code": 0,
    "queue.name": queueName,
    "job.id": jobId,
    "messaging.system": queue.system,
    "messaging.operation.name": "send",
    "messaging.operation.type": "send",
    "messaging.destination.name": queueName,
    "messaging.message.id": jobId,
  };
  const options = { kind: SpanKind.PRODUCER, startTime: wallClockMs(), attributes };
  const span = tracer.startSpan("job_queued", options, received.context);
  try {
    const carrier = injectCarrier(trace.setSpan(received.context, span), received.startMs);
    const threshold = slowAfterMs(received.span.spanContext().traceId);
    if (threshold !== undefined) carrier.slowAfterMs = threshold;
    const stored = await queue.enqueue({ deliveryId, ticket, carrier, ...originOf(received, attributes) });
    if (!stored.isNew) span.setAttributes({ "job.id": stored.jobId, "messaging.message.id": stored.jobId });
    return stored;
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end(wallClockMs());
  }
}

const replayed = { "idempotency-replayed": "true" };

function accepted(
  ticketId: string,
  { jobId, isNew, isRepeated, traceId }: Enqueued,
  span: Span,
  observer: WebhookObserver,
): Answer {
  const body = {
    status: "accepted",
    job_id: jobId,
    trace_id: traceId,
    message: `Ticket ${ticketId} is queued for enhancement.`,
  };
  if (isNew) return { status: 202, body };
  span.setAttributes({ "job.id": jobId, "webhook.repeated": isRepeated });
  observer.settled(isRepeated ? "repeated" : "collapsed");
  return isRepeated ? { status: 202, body, headers: replayed } : { status: 202, body };
}
