const second = 1_000_000_000;
const steps = [
  ...[1, 2, 5, 10, 15, 30].map((n) => n * 60 * second),
  ...[1, 2, 3, 6, 12, 24].map((n) => n * 3_600 * second),
];

/** A stretch of the trace in nanoseconds after its start. */
export interface TimeRange {
  fromNs: number;
  toNs: number;
}

/** Round marks of an axis, at most `most` of them, none outside the range. */
export function axisTicks({ fromNs, toNs }: TimeRange, most: number): number[] {
  const step = roundStep((toNs - fromNs) / Math.max(most, 1));
  if (!(step > 0)) return [fromNs];
  const ticks: number[] = [];
  // Multiples, not sums: a hundred additions of 0.1 do not make 10.
  for (let n = Math.ceil(fromNs / step); n * step <= toNs; n++) ticks.push(n * step);
  return ticks;
}

/** 1, 2 or 5 of a power of ten; above half a minute what a clock is divided into. */
function roundStep(least: number): number {
  if (!(least > 0)) return 0;
  if (least > 30 * second)
    return (
      steps.find((step) => step >= least) ?? Math.ceil(least / (24 * 3_600 * second)) * 24 * 3_600 * second
    );
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= least) ?? 10 * power;
}

/** The range as the URL holds it: `from-to`, whole nanoseconds. */
export function formatRange({ fromNs, toNs }: TimeRange): string {
  return `${Math.floor(fromNs)}-${Math.ceil(toNs)}`;
}

/** The range of the URL within the trace; the whole trace where the text is none or fits nowhere. */
export function parseRange(text: string | undefined, totalNs: number): TimeRange {
  const whole = { fromNs: 0, toNs: Math.max(totalNs, 1) };
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? "") ?? [];
  const fromNs = Number(from);
  const toNs = Math.min(Number(to), whole.toNs);
  return fromNs < toNs ? { fromNs, toNs } : whole;
}

/** Where a moment of the range stands, 0..1; outside the range below or above. */
export function position(ns: number, { fromNs, toNs }: TimeRange): number {
  return (ns - fromNs) / (toNs - fromNs);
}
