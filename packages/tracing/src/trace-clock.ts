import { type Context, createContextKey } from "@opentelemetry/api";

/** When a trace began and after how long it is slow, where that came from another process. Milliseconds (since the epoch). */
export interface TraceClock {
  startMs: number;
  /** undefined: this process's own threshold. */
  slowAfterMs: number | undefined;
}

const clockKey = createContextKey("throughline.trace-clock");

export function withTraceClock(context: Context, clock: TraceClock): Context {
  return context.setValue(clockKey, clock);
}

export function traceClockOf(context: Context): TraceClock | undefined {
  return context.getValue(clockKey) as TraceClock | undefined;
}
