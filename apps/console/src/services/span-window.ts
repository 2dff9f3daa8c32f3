import { lookbackMs } from "../api/parameters.ts";

/** Of what rates are counted: whole minutes, put together to steps. */
export interface SpanWindow {
  /** Where the first step begins. */
  startMs: number;
  endMs: number;
  stepMinutes: number;
}

export const windowLookbacks = ["15m", "1h", "6h", "1d", "7d"];
export const defaultWindow = "1h";

const minuteMs = 60_000;
const stepsAtMost = 120;
const stepSizes = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1_440];

/** `start` and `end`: microseconds since the epoch, in place of the look-back. */
export function spanWindow(
  view: { lookback?: string | undefined; start?: number | undefined; end?: number | undefined },
  nowMs: number,
): SpanWindow {
  const endMs = view.end === undefined ? nowMs : view.end / 1_000;
  const back = lookbackMs(view.lookback ?? defaultWindow) ?? lookbackMs(defaultWindow) ?? 0;
  const asked = view.start === undefined ? endMs - back : Math.min(view.start / 1_000, endMs);
  const minutes = Math.max(1, Math.ceil((endMs - asked) / minuteMs));
  const stepMinutes = stepSizes.find((step) => minutes / step <= stepsAtMost) ?? 1_440;
  const step = stepMinutes * minuteMs;
  return { startMs: Math.floor(asked / step) * step, endMs, stepMinutes };
}

/** As the API takes a window. */
export function windowQuery({ startMs, endMs }: SpanWindow): URLSearchParams {
  return new URLSearchParams({
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
  });
}

/** Where each step begins. */
export function stepStarts({ startMs, endMs, stepMinutes }: SpanWindow): number[] {
  const starts: number[] = [];
  for (let at = startMs; at < endMs; at += stepMinutes * minuteMs) starts.push(at);
  return starts;
}

/** How many seconds of a step have passed: the last one is still going on. */
export function secondsOf(stepStartMs: number, { endMs, stepMinutes }: SpanWindow): number {
  return Math.max(1, (Math.min(endMs, stepStartMs + stepMinutes * minuteMs) - stepStartMs) / 1_000);
}
