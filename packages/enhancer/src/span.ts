import {
  type Context,
  context,
  type Span,
  type SpanOptions,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from "@opentelemetry/api";

import { wallClockMs } from "@throughline/tracing";

/** What every custom span says of its ticket (docs/trace-contract.md). */
export interface TicketRef {
  tenantId: string;
  ticketId: string;
}

/**
 * Runs `work` inside a span that follows the trace contract: `tenant.id`, `ticket.id`, `status.code` 0 at success.
 * What `work` throws fails the span and is thrown on. Work that fails without throwing calls `failSpan` itself.
 */
export async function inTicketSpan<T>(
  tracer: Tracer,
  name: string,
  ticket: TicketRef,
  options: SpanOptions,
  work: (span: Span) => Promise<T>,
  parent: Context = context.active(),
): Promise<T> {
  const attributes = {
    "tenant.id": ticket.tenantId,
    "ticket.id": ticket.ticketId,
    "status.code": 0,
    ...options.attributes,
  };
  const span = tracer.startSpan(name, { startTime: wallClockMs(), ...options, attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), () => work(span));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end(wallClockMs());
  }
}

/** Status ERROR with a short description, `error.type`, `error.message`, `status.code` and an exception event. */
export function failSpan(span: Span, error: unknown, type: string = errorType(error)): void {
  const message = error instanceof Error ? error.message : String(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: message.slice(0, 200) });
  span.setAttributes({
    "error.type": type,
    "error.message": message,
    "status.code": httpStatusOf(error) ?? 2,
  });
  span.recordException(error instanceof Error ? error : message);
}

/** The id of a span's trace, for exemplars; undefined where nothing says that the trace is kept. */
export function sampledTraceId(span: Span | undefined): string | undefined {
  const { traceId, traceFlags = TraceFlags.NONE } = span?.spanContext() ?? {};
  return (traceFlags & TraceFlags.SAMPLED) === 0 ? undefined : traceId;
}

/** The error's code where it has one (TL_..., ECONNREFUSED), `timeout` for an elapsed budget, else its class. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER";
  if (error.name === "TimeoutError" || error.name === "AbortError") return "timeout";
  const status = httpStatusOf(error);
  if (status !== undefined) return String(status);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

function httpStatusOf(error: unknown): number | undefined {
  return error instanceof Error && "httpStatus" in error && typeof error.httpStatus === "number"
    ? error.httpStatus
    : undefined;
}
