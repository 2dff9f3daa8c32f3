import { type Context, type Link, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { parseTraceParent, TraceState } from "@opentelemetry/core";
import { withTraceClock } from "./trace-clock.ts";

/** The trace context as it travels beside a queued message: W3C Trace Context, and when the trace's clock began. */
export interface Carrier {
  /** Empty when there is no trace. */
  traceparent: string;
  tracestate: string;
  /** Milliseconds since the epoch; slowness is measured from here. */
  traceStartMs: number;
  /** Milliseconds after which the trace is slow, where a rule of the sender says so. */
  slowAfterMs?: number;
}

export function injectCarrier(context: Context, traceStartMs: number): Carrier {
  const spanContext = trace.getSpanContext(context);
  if (spanContext === undefined) return { traceparent: "", tracestate: "", traceStartMs };
  const flags = spanContext.traceFlags.toString(16).padStart(2, "0");
  return {
    traceparent: `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`,
    tracestate: spanContext.traceState?.serialize() ?? "",
    traceStartMs,
  };
}

/** The context to continue a trace in; a malformed header yields a context without a parent. */
export function extractCarrier(carrier: Carrier): Context {
  const spanContext = parse(carrier.traceparent, carrier.tracestate);
  const timed = withTraceClock(ROOT_CONTEXT, {
    startMs: carrier.traceStartMs,
    slowAfterMs: carrier.slowAfterMs,
  });
  return spanContext === undefined ? timed : trace.setSpanContext(timed, spanContext);
}

/** A link to where a carrier came from; undefined where it holds none or a malformed one. */
export function remoteLink(traceparent: string, tracestate: string): Link | undefined {
  const spanContext = parse(traceparent, tracestate);
  return spanContext === undefined ? undefined : { context: spanContext };
}

function parse(traceparent: string, tracestate: string) {
  const spanContext = parseTraceParent(traceparent);
  if (spanContext === null) return undefined;
  // W3C asks for 512 characters to be carried at least; more than that is of no use and may be hostile.
  const state = tracestate === "" || tracestate.length > 512 ? undefined : new TraceState(tracestate);
  return { ...spanContext, isRemote: true, ...(state === undefined ? {} : { traceState: state }) };
}
