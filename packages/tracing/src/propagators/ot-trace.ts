import {
  type Baggage,
  type Context,
  isSpanContextValid,
  propagation,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { isTracingSuppressed } from "@opentelemetry/core";
import { firstOf } from "./first-of.ts";

const traceHeader = "ot-tracer-traceid";
const spanHeader = "ot-tracer-spanid";
const sampledHeader = "ot-tracer-sampled";
const baggagePrefix = "ot-baggage-";

/** OpenTracing's basic tracers' headers (specification, "OT Trace"): 64-bit trace ids on the way out. */
export class OtTracePropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span === undefined || !isSpanContextValid(span) || isTracingSuppressed(context)) return;
    setter.set(carrier, traceHeader, span.traceId.slice(-16));
    setter.set(carrier, spanHeader, span.spanId);
    setter.set(carrier, sampledHeader, (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? "true" : "false");
    for (const [key, { value }] of propagation.getBaggage(context)?.getAllEntries() ?? []) {
      // Names and values that no header holds are left out, as the specification asks.
      if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(key) && /^[\t\u0020-\u007e]*$/.test(value))
        setter.set(carrier, `${baggagePrefix}${key}`, value);
    }
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const traceId = firstOf(getter.get(carrier, traceHeader)) ?? "";
    const spanId = firstOf(getter.get(carrier, spanHeader)) ?? "";
    const sampled = firstOf(getter.get(carrier, sampledHeader));
    if (!/^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i.test(traceId) || !/^[0-9a-f]{16}$/i.test(spanId)) return context;
    const span = {
      traceId: traceId.toLowerCase().padStart(32, "0"),
      spanId: spanId.toLowerCase(),
      traceFlags: sampled === "true" || sampled === "1" ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: true,
    };
    if (!isSpanContextValid(span)) return context;
    return withBaggage(trace.setSpanContext(context, span), carrier, getter);
  }

  fields(): string[] {
    return [traceHeader, spanHeader, sampledHeader];
  }
}

function withBaggage(context: Context, carrier: unknown, getter: TextMapGetter): Context {
  let baggage: Baggage = propagation.getBaggage(context) ?? propagation.createBaggage();
  const keys = getter.keys(carrier).filter((key) => key.toLowerCase().startsWith(baggagePrefix));
  for (const key of keys.slice(0, 64)) {
    const value = firstOf(getter.get(carrier, key));
    if (value !== undefined && value.length <= 4_096)
      baggage = baggage.setEntry(key.slice(baggagePrefix.length), { value });
  }
  return keys.length === 0 ? context : propagation.setBaggage(context, baggage);
}
