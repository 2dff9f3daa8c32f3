import { SpanKind } from "@opentelemetry/api";
import { type RebuiltSpan, remoteLink } from "@throughline/tracing";
import { type LeasedJob, queueName } from "../queue/queue.ts";

/**
 * The receiver's spans of a ticket that was not sampled, made again from the times that the job holds: their ends are when the job was
 * stored. They say so: `sampling.rebuilt`.
 */
export function ancestorsOf({ ticket, carrier, origin, enqueuedAtMs }: LeasedJob): RebuiltSpan[] {
  const [, , queuedSpanId] = carrier.traceparent.split("-");
  if (origin === undefined || queuedSpanId === undefined) return [];
  const { webhook, queued } = origin;
  const every = {
    "tenant.id": ticket.tenantId,
    "ticket.id": ticket.ticketId,
    "status.code": 0,
    "sampling.rebuilt": true,
  };
  const endMs = Math.max(enqueuedAtMs, queued.startMs);
  return [
    {
      name: "POST /webhook/servicedesk",
      kind: SpanKind.SERVER,
      spanId: webhook.spanId,
      parentSpanId: webhook.parentSpanId,
      startMs: webhook.startMs,
      endMs,
      attributes: {
        ...webhook.attributes,
        ...every,
        "ticket.description": ticket.description,
        "http.response.status_code": 202,
        "http.status_code": 202,
      },
      links: webhook.links.flatMap(
        ({ traceparent, tracestate }) => remoteLink(traceparent, tracestate) ?? [],
      ),
    },
    {
      name: "job_queued",
      kind: SpanKind.PRODUCER,
      spanId: queuedSpanId,
      parentSpanId: webhook.spanId,
      startMs: queued.startMs,
      endMs,
      attributes: { ...queued.attributes, ...every, "queue.name": queueName },
      links: [],
    },
  ];
}
