/** A variable with a value that cannot be used; the message names variable, value and what is allowed. */
export class TracingConfigError extends Error {
  override readonly name = "TracingConfigError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Parsers of variables. An empty one is as good as unset (specification, "Environment Variables"). */
export class Variables {
  private readonly environment: Environment;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  text(name: string): string | undefined {
    return this.environment[name]?.trim() || undefined;
  }

  /** The first of the names that is set, and its value. */
  first(...names: readonly string[]): { name: string; value: string } | undefined {
    for (const name of names) {
      const value = this.text(name);
      if (value !== undefined) return { name, value };
    }
    return undefined;
  }

  oneOf<T extends string>(allowed: readonly T[], fallback: T, ...names: readonly string[]): T {
    const set = this.first(...names);
    if (set === undefined) return fallback;
    const found = allowed.find((candidate) => candidate === set.value.toLowerCase());
    if (found === undefined) throw wrong(set.name, set.value, `one of ${allowed.join(", ")}`);
    return found;
  }

  /** A comma-separated list, each once; `none` alone is the empty list. */
  listOf<T extends string>(allowed: readonly T[], fallback: readonly T[], name: string): readonly T[] {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const items = [
      ...new Set(
        value
          .toLowerCase()
          .split(",")
          .map((item) => item.trim()),
      ),
    ].filter((item) => item !== "");
    if (items.length === 1 && items[0] === "none") return [];
    return items.map((item) => {
      const found = allowed.find((candidate) => candidate === item);
      if (found === undefined) throw wrong(name, value, `none, or a list of ${allowed.join(", ")}`);
      return found;
    });
  }

  boolean(...names: readonly string[]): boolean {
    const set = this.first(...names);
    if (set === undefined) return false;
    const value = set.value.toLowerCase();
    if (value !== "true" && value !== "false") throw wrong(set.name, set.value, "true or false");
    return value === "true";
  }

  whole(fallback: number, least: number, ...names: readonly string[]): number {
    const set = this.first(...names);
    if (set === undefined) return fallback;
    const number = Number(set.value);
    // Timers of the runtime hold 31 bits.
    if (!/^\d+$/.test(set.value) || number < least || number > 0x7fffffff)
      throw wrong(set.name, set.value, `a whole number from ${least} to 2147483647`);
    return number;
  }

  ratio(name: string, fallback: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    return parseRatio(name, value);
  }
}

export function parseRatio(name: string, value: string): number {
  const number = Number(value);
  if (value === "" || !(number >= 0 && number <= 1)) throw wrong(name, value, "a number from 0 to 1");
  return number;
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `500ms`, `60s`, `5m`, `1h`; in milliseconds. */
export function parseDuration(name: string, value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value.trim());
  const duration = match === null ? 0 : Number(match[1]) * units[match[2] as keyof typeof units];
  if (!(duration > 0)) throw wrong(name, value, "a duration such as 500ms, 60s, 5m or 1h");
  return duration;
}

const sizes = { "": 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** `64MiB`; in bytes. */
export function parseSize(name: string, value: string): number {
  const match = /^(\d+)\s*(|KiB|MiB|GiB)$/.exec(value.trim());
  const size = match === null ? 0 : Number(match[1]) * sizes[match[2] as keyof typeof sizes];
  if (!(size > 0)) throw wrong(name, value, "a size such as 512KiB, 64MiB or 1GiB");
  return size;
}

/** `k=v,k2=v2`, percent-encoded (W3C Baggage without properties). The value is not repeated in the error: headers hold credentials. */
export function parsePairs(name: string, value: string | undefined): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of (value ?? "").split(",")) {
    if (pair.trim() === "") continue;
    const at = pair.indexOf("=");
    try {
      const key = decodeURIComponent(pair.slice(0, Math.max(0, at)).trim());
      if (key === "") throw new URIError("no key");
      Object.defineProperty(out, key, {
        value: decodeURIComponent(pair.slice(at + 1).trim()),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    } catch (cause) {
      throw new TracingConfigError(`${name}: expected key=value pairs joined by commas, percent-encoded.`, {
        cause,
      });
    }
  }
  return out;
}

export function wrong(name: string, value: string, allowed: string): TracingConfigError {
  return new TracingConfigError(`${name} is "${value}": expected ${allowed}.`);
}
