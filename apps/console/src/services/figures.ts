import type { RedMinute, RedSeries } from "../api/statistics.ts";
import { secondsOf, type SpanWindow, stepStarts } from "./span-window.ts";

/** What charts draw: one value for each step; null where no span was, which is not the same as a duration of 0. */
export interface Figures {
  /** Where each step begins. */
  atMs: number[];
  /** Spans a second. */
  rate: number[];
  /** Percent. */
  errors: (number | null)[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
}

export function figuresOf(minutes: readonly RedMinute[], window: SpanWindow): Figures {
  const byStart = new Map(minutes.map((one) => [one.minute * 60_000, one]));
  const atMs = stepStarts(window);
  const steps = atMs.map((at) => byStart.get(at));
  const durations = (name: "p50Ns" | "p95Ns" | "p99Ns") => steps.map((step) => step?.[name] ?? null);
  return {
    atMs,
    rate: steps.map((step, at) => (step?.spans ?? 0) / secondsOf(atMs[at] ?? 0, window)),
    errors: steps.map((step) => (step === undefined ? null : errorPercent(step))),
    p50: durations("p50Ns"),
    p95: durations("p95Ns"),
    p99: durations("p99Ns"),
  };
}

export function errorPercent({ spans, errors }: Pick<RedMinute, "spans" | "errors">): number {
  return spans === 0 ? 0 : (errors / spans) * 100;
}

/** Spans a second over the whole window. */
export function rateOf({ spans }: Pick<RedMinute, "spans">, { startMs, endMs }: SpanWindow): number {
  return spans / Math.max(1, (endMs - startMs) / 1_000);
}

/** `12 /s`, `0.25 /s`, `3 /min`, `2 /h`: the unit in which it is a number that people read. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0 /s";
  for (const [factor, unit] of [
    [1, "s"],
    [60, "min"],
  ] as const) {
    if (perSecond * factor >= 1) return `${threeDigits(perSecond * factor)} /${unit}`;
  }
  return `${threeDigits(perSecond * 3_600)} /h`;
}

/** Several in the unit of the largest, for an axis. */
export function formatRates(perSecond: readonly number[]): string[] {
  const most = Math.max(...perSecond);
  const [factor, unit] = most >= 1 ? [1, "s"] : most * 60 >= 1 ? [60, "min"] : [3_600, "h"];
  return perSecond.map((rate) => `${threeDigits(rate * factor)} /${unit}`);
}

function threeDigits(value: number): string {
  if (value >= 1_000_000) return `${(value / 1_000_000).toPrecision(3)} M`;
  if (value >= 10_000) return `${(value / 1_000).toPrecision(3)} k`;
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

export const serviceSorts = [
  { sort: "errors", name: "Most errors first" },
  { sort: "slow", name: "Slow first" },
  { sort: "name", name: "By name" },
] as const;
export type ServiceSort = (typeof serviceSorts)[number]["sort"];

/** Where the time goes first, unless another order is asked for. */
export function sortSeries(series: readonly RedSeries[], sort: ServiceSort | undefined): RedSeries[] {
  const name = ({ service, operation }: RedSeries) => `${service}\n${operation}`;
  const weight = ({ total }: RedSeries): number => {
    switch (sort) {
      case "errors":
        return errorPercent(total);
      case "slow":
        return total.p95Ns;
      case "name":
        return 0;
      case undefined:
        return total.durationSumNs;
    }
  };
  return series.toSorted((a, b) => weight(b) - weight(a) || (name(a) < name(b) ? -1 : 1));
}
