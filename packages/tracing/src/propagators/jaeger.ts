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

const header = "uber-trace-id";
const baggagePrefix = "uberctx-";
const debugFlag = 2;

/** Jaeger's own headers (Jaeger client libraries, "Propagation Format"): `{trace-id}:{span-id}:{parent-id}:{flags}`, and `uberctx-*`. */
export class JaegerPropagator implements TextMapPropagator {
  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(context);
    if (span !== undefined && isSpanContextValid(span) && !isTracingSuppressed(context)) {
      const flags = (span.traceFlags & TraceFlags.SAMPLED) !== 0 ? 1 : 0;
      setter.set(carrier, header, `${span.traceId}:${span.spanId}:0:${flags}`);
    }
    for (const [key, { value }] of propagation.getBaggage(context)?.getAllEntries() ?? [])
      setter.set(carrier, `${baggagePrefix}${key}`, encodeURIComponent(value));
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const withBaggage = extractBaggage(context, carrier, getter);
    const value = firstOf(getter.get(carrier, header));
    // Some senders percent-encode the colons; ids may lack leading zeros.
    const match = /^([0-9a-f]{1,32}):([0-9a-f]{1,16}):[0-9a-f]{1,16}:([0-9a-f]{1,2})$/i.exec(
      value?.slice(0, 200).replaceAll(/%3a/gi, ":") ?? "",
    );
    if (match === null) return withBaggage;
    const [, traceId = "", spanId = "", flags = "0"] = match;
    const sampled = (Number.parseInt(flags, 16) & (TraceFlags.SAMPLED | debugFlag)) !== 0;
    const span = {
      traceId: traceId.toLowerCase().padStart(32, "0"),
      spanId: spanId.toLowerCase().padStart(16, "0"),
      traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: true,
    };
    return isSpanContextValid(span) ? trace.setSpanContext(withBaggage, span) : withBaggage;
  }

  fields(): string[] {
    return [header];
  }
}

function extractBaggage(context: Context, carrier: unknown, getter: TextMapGetter): Context {
  const keys = getter.keys(carrier).filter((key) => key.toLowerCase().startsWith(baggagePrefix));
  if (keys.length === 0) return context;
  let baggage: Baggage = propagation.getBaggage(context) ?? propagation.createBaggage();
  for (const key of keys.slice(0, 64)) {
    const value = firstOf(getter.get(carrier, key));
    if (value !== undefined && value.length <= 4_096)
      baggage = baggage.setEntry(key.slice(baggagePrefix.length), { value: decoded(value) });
  }
  return propagation.setBaggage(context, baggage);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
