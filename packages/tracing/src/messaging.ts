import {
  type Attributes,
  context,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { wallClockMs } from "./clock.ts";
import { type Carrier, type CarrierCounter, extractCarrier, injectCarrier } from "./propagation.ts";

/** A message of a queue, by the messaging semantic conventions. */
export interface MessageOptions {
  /** `messaging.system`: `bullmq`, `redis`, `kafka`... */
  system: string;
  /** `messaging.destination.name`: the queue. */
  destination: string;
  /** `messaging.message.id`. */
  messageId?: string;
  /** The span's name; `send QUEUE` and `process QUEUE` otherwise. */
  name?: string;
  attributes?: Attributes;
}

export interface ReceivedMessageOptions extends MessageOptions {
  /** 1 for the first attempt; `messaging.message.delivery_attempt`. Attempts are siblings below the producer's span. */
  attempt?: number;
  counter?: CarrierCounter;
}

/** Sends a message inside a PRODUCER span; `send` gets what is to travel with it. What it throws fails the span and is thrown on. */
export function withProducerSpan<T>(
  tracer: Tracer,
  options: MessageOptions,
  send: (carrier: Carrier, span: Span) => Promise<T>,
): Promise<T> {
  const startMs = wallClockMs();
  const span = tracer.startSpan(options.name ?? `send ${options.destination}`, {
    kind: SpanKind.PRODUCER,
    attributes: attributesOf(options, "send"),
  });
  return within(span, context.active(), (active) => send(injectCarrier(active, startMs), span));
}

/**
 * Works on a message inside a CONSUMER span: the child of the span that sent it, and linked to it, as the conventions ask. The link says
 * `opentracing.ref_type=child_of`, without which Jaeger shows the parent as FOLLOWS_FROM. What `work` throws fails the span and is thrown on.
 */
export function withConsumerSpan<T>(
  tracer: Tracer,
  options: ReceivedMessageOptions,
  carrier: unknown,
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const parent = extractCarrier(carrier, options.counter);
  const origin = trace.getSpanContext(parent);
  const attempt =
    options.attempt === undefined ? {} : { "messaging.message.delivery_attempt": options.attempt };
  const span = tracer.startSpan(
    options.name ?? `process ${options.destination}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: { ...attributesOf(options, "process"), ...attempt },
      links:
        origin === undefined ? [] : [{ context: origin, attributes: { "opentracing.ref_type": "child_of" } }],
    },
    parent,
  );
  return within(span, parent, () => work(span));
}

function attributesOf(
  { system, destination, messageId, attributes }: MessageOptions,
  operation: "send" | "process",
) {
  return {
    "messaging.system": system,
    "messaging.operation.name": operation,
    "messaging.operation.type": operation,
    "messaging.destination.name": destination,
    ...(messageId === undefined ? {} : { "messaging.message.id": messageId }),
    ...attributes,
  };
}

async function within<T>(
  span: Span,
  parent: ReturnType<typeof context.active>,
  work: (active: ReturnType<typeof context.active>) => Promise<T>,
): Promise<T> {
  const active = trace.setSpan(parent, span);
  try {
    return await context.with(active, () => work(active));
  } catch (error) {
    recordFailure(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Status ERROR, `error.type` and an exception event. */
export function recordFailure(span: Span, error: unknown): void {
  const known = error instanceof Error ? error : new Error(String(error));
  span.recordException(known);
  span.setAttribute("error.type", errorType(known));
  span.setStatus({ code: SpanStatusCode.ERROR, message: known.message.slice(0, 200) });
}

function errorType(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
