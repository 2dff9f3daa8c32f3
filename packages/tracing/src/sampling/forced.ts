import { type Context, createContextKey, type TraceState } from "@opentelemetry/api";
import { TraceState as NewTraceState } from "@opentelemetry/core";
import { keptTraceState } from "./kept.ts";

const forcedKey = createContextKey("throughline.forced-sampling");
/** Our member of `tracestate`: the trace is sampled whatever a sampler would say. It is heard from a carrier only, never from HTTP headers. */
const member = "throughline";
const forced = "forced";

/** Whatever starts in this context is sampled. */
export function withForcedSampling(context: Context): Context {
  return context.setValue(forcedKey, true);
}

export function isForced(context: Context): boolean {
  return context.getValue(forcedKey) === true;
}

/** Whether a trace that comes from a queue was forced where it began. */
export function wasForced(state: TraceState | undefined): boolean {
  return state?.get(member) === forced;
}

/** The state that tells the trace's other processes; the trace stands for itself alone. */
export function forcedState(state: TraceState | undefined): TraceState {
  return new NewTraceState(keptTraceState(state)).set(member, forced);
}
