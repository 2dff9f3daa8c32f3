const units = [
  [1, "ns"],
  [1_000, "µs"],
  [1_000_000, "ms"],
  [1_000_000_000, "s"],
] as const;
const minute = 60_000_000_000;
const hour = 60 * minute;

/** Nanoseconds as people read them: `850 µs`, `12.3 ms`, `3.05 s`, `2 min 6 s`, `1 h 12 min`. */
export function formatDuration(ns: number): string {
  if (ns < 0) return `-${formatDuration(-ns)}`;
  if (ns >= hour) return twoUnits(ns, hour, "h", minute, "min");
  if (ns >= minute) return twoUnits(ns, minute, "min", 1_000_000_000, "s");
  for (const [size, unit] of units) {
    const text = size === 1 ? String(Math.round(ns)) : threeDigits(ns / size);
    if (unit === "s" && text === "60.0") return "1 min";
    // What rounds up to 1000 of a unit is 1.00 of the next.
    if (Number(text) < 1_000) return `${text} ${unit}`;
  }
  return `${ns} ns`;
}

function twoUnits(ns: number, large: number, largeName: string, small: number, smallName: string): string {
  const smalls = Math.round(ns / small);
  const perLarge = large / small;
  const rest = smalls % perLarge;
  const whole = `${Math.floor(smalls / perLarge)} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
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

/** `2026-11-23 09:41:07.123`, in a zone such as `UTC`; in the machine's own unless one is named. */
export function formatTime(atMs: number, zone?: string): string {
  const at = zonedParts(atMs, zone);
  return `${at("year")}-${at("month")}-${at("day")} ${at("hour")}:${at("minute")}:${at("second")}.${at("fractionalSecond")}`;
}

/** `09:41:07`, the time of day. */
export function formatClock(atMs: number, zone?: string): string {
  const at = zonedParts(atMs, zone);
  return `${at("hour")}:${at("minute")}:${at("second")}`;
}

function zonedParts(atMs: number, zone: string | undefined): (type: string) => string {
  // The machine's own zone takes no formatter, which is slow to make the first time.
  if (zone === undefined) {
    const at = new Date(atMs);
    const parts: Record<string, number> = {
      year: at.getFullYear(),
      month: at.getMonth() + 1,
      day: at.getDate(),
      hour: at.getHours(),
      minute: at.getMinutes(),
      second: at.getSeconds(),
      fractionalSecond: at.getMilliseconds(),
    };
    return (type) => String(parts[type]).padStart(type === "fractionalSecond" ? 3 : 2, "0");
  }
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  }).formatToParts(atMs);
  return (type) => parts.find((part) => part.type === type)?.value ?? "";
}

/** Nanoseconds since the epoch, as the API writes them, in milliseconds. */
export function nanosToMs(unixNano: string): number {
  return Number(BigInt(unixNano) / 1_000n) / 1_000;
}

/** `12,345`: digits in groups, the same in every locale. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `1 span`, `12 spans`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Dollars: `$0.0042`, `$1.20`; a dash where nothing was spent that is known. */
export function formatCost(usd: number | null): string {
  if (usd === null) return "–";
  if (usd === 0) return "$0";
  return usd < 0.1 ? `$${Number(usd.toPrecision(2))}` : `$${usd.toFixed(2)}`;
}

/** A share as a sentence needs it: `92 %`, `3.4 %`, `< 0.1 %`. */
export function formatPercent(percent: number): string {
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  return percent < 10 && !Number.isInteger(percent) ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}
