import { wrongParameter } from "./query.ts";

const rfc3339 =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:[.,](\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** A date and time of RFC 3339 in nanoseconds since the epoch; undefined for other text. Finer fractions are cut. */
export function parseRfc3339(text: string): bigint | undefined {
  const [, date = "", time = "", fraction = "", sign, hours, minutes] = rfc3339.exec(text) ?? [];
  const ms = Date.parse(`${date}T${time}Z`);
  // A day that the month does not have would be read as one of the next month.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(date)) return undefined;
  const offsetMs = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  const utcMs = sign === "-" ? ms + offsetMs : ms - offsetMs;
  return BigInt(utcMs) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

/** Throws TL_PARAMETER_INVALID; undefined where absent. */
export function readRfc3339(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const time = parseRfc3339(text);
  if (time === undefined)
    throw wrongParameter(name, "must be a time of RFC 3339, such as 2026-01-02T03:04:05Z");
  return time;
}

/** The nearest time that a span can have: OTLP counts nanoseconds since the epoch in 64 bits. */
export function clampToOtlp(time: bigint): bigint {
  const latest = 2n ** 64n - 1n;
  if (time < 0n) return 0n;
  return time > latest ? latest : time;
}
