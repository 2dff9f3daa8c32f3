import { wrongParameter } from "./query.ts";

const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const duration = /^\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/;
const durationPart = /(\d*)\.?(\d*)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/g;
const int64Max = 2n ** 63n - 1n;

/**
 * A duration as Go writes it (`1.5s`, `1h2m`, `300us`) in nanoseconds, finer fractions cut; undefined for `0` and for
 * none at all, which both mean unbounded. Throws TL_PARAMETER_INVALID, also for a negative one.
 */
export function readDuration(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined || /^[+-]?0$/.test(text)) return undefined;
  if (!duration.test(text)) {
    throw wrongParameter(name, "must be a duration of 0 or more with its unit, such as 1.5s or 300ms");
  }
  let total = 0n;
  for (const [, whole = "", fraction = "", unit = ""] of text.matchAll(durationPart)) {
    const ns = unitNs[unit] ?? 0n;
    total += BigInt(whole) * ns + (BigInt(fraction) * ns) / 10n ** BigInt(fraction.length);
  }
  if (total > int64Max) throw wrongParameter(name, "is too long a duration");
  return total === 0n ? undefined : total;
}

/** Throws TL_PARAMETER_INVALID where the longest is shorter than the shortest. */
export function readDurations(
  shortest: { name: string; text: string | undefined },
  longest: { name: string; text: string | undefined },
): { durationMin?: bigint; durationMax?: bigint } {
  const min = readDuration(shortest.name, shortest.text);
  const max = readDuration(longest.name, longest.text);
  if (min !== undefined && max !== undefined && max < min) {
    throw wrongParameter(longest.name, `must not be less than ${shortest.name}`);
  }
  return {
    ...(min === undefined ? {} : { durationMin: min }),
    ...(max === undefined ? {} : { durationMax: max }),
  };
}

/** The spellings of Go's strconv.ParseBool; false where the parameter is absent. Throws TL_PARAMETER_INVALID. */
export function readBoolean(name: string, text: string | undefined): boolean {
  if (text === undefined) return false;
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw wrongParameter(name, "must be true or false");
}

/** An integer of 64 bits; undefined where absent. Throws TL_PARAMETER_INVALID. */
export function readInteger(name: string, text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  if (!/^[+-]?\d{1,40}$/.test(text)) throw wrongParameter(name, "must be an integer");
  const value = BigInt(text.replace(/^\+/, ""));
  if (value > int64Max || value < -int64Max) throw wrongParameter(name, "is out of range");
  return value;
}

const int32Max = 2n ** 31n - 1n;

/** Number of traces, `fallback` where absent or 0, as most of Jaeger's storages have it. Throws TL_PARAMETER_INVALID. */
export function readLimit(name: string, text: string | undefined, fallback: number): number {
  const limit = readInteger(name, text) ?? 0n;
  if (limit < 0n) throw wrongParameter(name, "must not be negative");
  if (limit > int32Max) throw wrongParameter(name, "is out of range");
  return limit === 0n ? fallback : Number(limit);
}

/** A JSON object of strings, as tags are sent. Throws TL_PARAMETER_INVALID. */
export function readStringMap(name: string, text: string): [string, string][] {
  const problem = 'must be a JSON object whose values are strings, such as {"error":"true"}';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw wrongParameter(name, problem);
  }
  if (parsed === null) return [];
  if (typeof parsed !== "object" || Array.isArray(parsed)) throw wrongParameter(name, problem);
  return Object.entries(parsed).map(([key, value]: [string, unknown]) => {
    if (typeof value !== "string") throw wrongParameter(name, problem);
    return [key, value];
  });
}
