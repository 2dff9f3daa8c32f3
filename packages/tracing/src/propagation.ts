import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  type Link,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from "@opentelemetry/api";
import { parseTraceParent, TraceState, W3CBaggagePropagator } from "@opentelemetry/core";
import { wasForced, withForcedSampling } from "./sampling/forced.ts";
import { withTraceClock } from "./trace-clock.ts";

/** The trace context as it travels beside a queued message: W3C Trace Context and Baggage, and when the trace's clock began. */
export interface Carrier {
  /** Empty when there is no trace. */
  traceparent: string;
  tracestate: string;
  /** Absent when there is none. */
  baggage?: string;
  /** Milliseconds since the epoch; slowness is measured from here. */
  traceStartMs: number;
  /** Milliseconds after which the trace is slow, where a rule of the sender says so. */
  slowAfterMs?: number;
}

/** What came out of the carriers of a process. */
export interface CarrierCounter {
  /** Contexts that were continued. */
  extracted: number;
  /** Carriers with headers that were malformed or hostile, and so ignored. */
  ignored: number;
}

const baggagePropagator = new W3CBaggagePropagator();
/** W3C asks for 512 characters of `tracestate` and 8192 of `baggage` to be carried at least; more is of no use. */
const stateAtMost = 512;
const baggageAtMost = 8_192;

export function injectCarrier(context: Context, traceStartMs: number): Carrier {
  const headers: Record<string, string> = {};
  baggagePropagator.inject(context, headers, defaultTextMapSetter);
  const spanContext = trace.getSpanContext(context);
  const { baggage } = headers;
  return { ...asHeaders(spanContext), ...(baggage === undefined ? {} : { baggage }), traceStartMs };
}

/** `traceparent` and `tracestate` of a span; empty where there is none. */
export function asHeaders(spanContext: SpanContext | undefined): { traceparent: string; tracestate: string } {
  if (spanContext === undefined) return { traceparent: "", tracestate: "" };
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  const flags = (traceFlags & 0xff).toString(16).padStart(2, "0");
  return { traceparent: `00-${traceId}-${spanId}-${flags}`, tracestate: traceState?.serialize() ?? "" };
}

/**
 * The context to continue a trace in: from an `injectCarrier`, or from any map of headers (texts, lists of texts, bytes). What is
 * malformed is ignored and counted: the context then has no parent.
 */
export function extractCarrier(carrier: unknown, counter?: CarrierCounter): Context {
  const headers = typeof carrier === "object" && carrier !== null ? carrier : {};
  const traceparent = headerOf(headers, "traceparent") ?? "";
  const spanContext = parse(traceparent, headerOf(headers, "tracestate") ?? "");
  if (spanContext !== undefined && counter !== undefined) counter.extracted++;
  if (spanContext === undefined && traceparent !== "") ignored(counter);
  const startMs = numberOf(headers, "traceStartMs");
  const timed =
    startMs === undefined
      ? ROOT_CONTEXT
      : withTraceClock(ROOT_CONTEXT, { startMs, slowAfterMs: numberOf(headers, "slowAfterMs") });
  const context = withBaggage(timed, headerOf(headers, "baggage"), counter);
  if (spanContext === undefined) return context;
  const parent = trace.setSpanContext(context, spanContext);
  return wasForced(spanContext.traceState) ? withForcedSampling(parent) : parent;
}

/** A trace that begins here and is sampled and timed as it is asked for, in all processes that its carrier reaches. */
export function withForcedTrace(context: Context, clock: { startMs: number; slowAfterMs: number }): Context {
  return withForcedSampling(withTraceClock(context, clock));
}

/** A link to where a carrier came from; undefined where it holds none or a malformed one. */
export function remoteLink(traceparent: string, tracestate: string): Link | undefined {
  const spanContext = parse(traceparent, tracestate);
  return spanContext === undefined ? undefined : { context: spanContext };
}

function parse(traceparent: string, tracestate: string): SpanContext | undefined {
  const spanContext = traceparent.length > 256 ? null : parseTraceParent(traceparent);
  if (spanContext === null) return undefined;
  const state = tracestate === "" || tracestate.length > stateAtMost ? undefined : new TraceState(tracestate);
  return { ...spanContext, isRemote: true, ...(state === undefined ? {} : { traceState: state }) };
}

function withBaggage(
  context: Context,
  baggage: string | undefined,
  counter: CarrierCounter | undefined,
): Context {
  if (baggage === undefined || baggage === "") return context;
  if (baggage.length > baggageAtMost) {
    ignored(counter);
    return context;
  }
  const extracted = baggagePropagator.extract(context, { baggage }, defaultTextMapGetter);
  if (propagation.getBaggage(extracted) === undefined) ignored(counter);
  return extracted;
}

/** An own member, as text; of a list the first; names without regard to case, as brokers change it. */
function headerOf(headers: object, name: string): string | undefined {
  const key = Object.keys(headers).find((candidate) => candidate.toLowerCase() === name);
  const value: unknown = key === undefined ? undefined : (headers as Record<string, unknown>)[key];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  if (typeof first === "string") return first;
  return first instanceof Uint8Array && first.length <= baggageAtMost
    ? Buffer.from(first).toString("latin1")
    : undefined;
}

function numberOf(headers: object, name: string): number | undefined {
  const value = Object.hasOwn(headers, name) ? (headers as Record<string, unknown>)[name] : undefined;
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

function ignored(counter: CarrierCounter | undefined): void {
  if (counter !== undefined) counter.ignored++;
  metrics.getMeter("@throughline/tracing").createCounter("throughline.carrier.ignored").add(1);
}
