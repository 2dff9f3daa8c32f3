const units = [
  [60_000_000_000, "min"],
  [1_000_000_000, "s"],
  [1_000_000, "ms"],
  [1_000, "µs"],
] as const;

/** `850 µs`, `12.3 ms`, `3.05 s`, `2.1 min`: three digits, whatever the size. */
export function formatDuration(ns: number): string {
  for (const [size, unit] of units) if (ns >= size) return `${threeDigits(ns / size)} ${unit}`;
  return `${ns} ns`;
}

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** `12 s ago`, `3 h ago`; a time ahead of the clock is `now`. */
export function formatAge(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 5) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `2026-11-23 09:41:07.123`, local time. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000);
  return at.toISOString().replace("T", " ").replace("Z", "");
}

export function nanosToMs(unixNano: string): number {
  return Number(BigInt(unixNano) / 1_000n) / 1_000;
}

/** Four to eight round marks for an axis from 0 to `totalNs`. */
export function axisTicks(totalNs: number): number[] {
  if (totalNs <= 0) return [0];
  const rough = totalNs / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? power * 10;
  return Array.from({ length: Math.floor(totalNs / step) + 1 }, (_, at) => at * step);
}
