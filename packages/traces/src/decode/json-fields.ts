/** The JSON is not what OTLP allows. `message` names the place and what should stand there, never the value. */
export class MalformedJsonError extends Error {
  override readonly name = "MalformedJsonError";
  private readonly expected: string;

  constructor(expected: string, place = "") {
    super(place === "" ? expected : `${place} ${expected}`);
    this.expected = expected;
    this.place = place;
  }

  readonly place: string;

  /** The same error seen from one level further out. */
  below(key: string): MalformedJsonError {
    const rest = this.place === "" || this.place.startsWith("[") ? this.place : `.${this.place}`;
    return new MalformedJsonError(this.expected, key + rest);
  }
}

/** Reads the members of one JSON object as proto3 JSON does: absent and null are the type's zero value. */
export class JsonFields {
  private readonly members: Readonly<Record<string, unknown>>;

  constructor(value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new MalformedJsonError("must be an object");
    }
    this.members = value as Record<string, unknown>;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  string(key: string): string {
    const value = this.get(key) ?? "";
    if (typeof value !== "string") throw new MalformedJsonError("must be a string", key);
    return value;
  }

  bool(key: string): boolean {
    const value = this.get(key) ?? false;
    if (typeof value !== "boolean") throw new MalformedJsonError("must be true or false", key);
    return value;
  }

  uint32(key: string): number {
    return Number(BigInt.asUintN(32, this.integer(key)));
  }

  uint64(key: string): bigint {
    return BigInt.asUintN(64, this.integer(key));
  }

  int64(key: string): bigint {
    return BigInt.asIntN(64, this.integer(key));
  }

  double(key: string): number {
    const value = this.get(key) ?? 0;
    if (typeof value === "number" || typeof value === "bigint") return Number(value);
    if (typeof value === "string" && /^(NaN|-?Infinity|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(value)) {
      return Number(value);
    }
    throw new MalformedJsonError("must be a number", key);
  }

  /** An enum: its number, or its name looked up in `names` (unknown names are 0). */
  enumeration(key: string, names: Readonly<Record<string, number>>): number {
    const value = this.get(key);
    return typeof value === "string" && !/^-?\d+$/.test(value) ? (names[value] ?? 0) : this.uint32(key);
  }

  /** Standard or URL-safe base64, padded or not. */
  bytes(key: string): Uint8Array {
    const value = this.string(key);
    if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw new MalformedJsonError("must be base64", key);
    return new Uint8Array(Buffer.from(value, "base64"));
  }

  /** The member read by `read`; undefined where it is absent. */
  object<T>(key: string, read: (fields: JsonFields) => T): T | undefined {
    const value = this.get(key);
    return value === undefined ? undefined : within(key, () => read(new JsonFields(value)));
  }

  list<T>(key: string, read: (fields: JsonFields) => T): T[] {
    const value = this.get(key) ?? [];
    if (!Array.isArray(value)) throw new MalformedJsonError("must be an array", key);
    return value.map((item, index) => within(`${key}[${index}]`, () => read(new JsonFields(item))));
  }

  /** Any JSON value; undefined where absent or null. */
  any(key: string): unknown {
    return this.get(key);
  }

  /** The members of an object, in its order. */
  entries(key: string): [string, unknown][] {
    const value = this.get(key) ?? {};
    if (typeof value !== "object" || Array.isArray(value))
      throw new MalformedJsonError("must be an object", key);
    return Object.entries(value);
  }

  /** 64-bit numbers are written as strings and may be read as numbers. */
  private integer(key: string): bigint {
    const value = this.get(key) ?? 0;
    if (typeof value === "bigint") return value;
    if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
    // Twenty digits hold every 64-bit number; a longer text would make a bigint of any size.
    if (typeof value === "string" && /^-?\d{1,20}$/.test(value)) return BigInt(value);
    throw new MalformedJsonError("must be an integer", key);
  }

  /** By its name in lowerCamelCase; that of the protocol's own definition is taken too, as parsers of proto3's JSON do. */
  private get(key: string): unknown {
    const { members } = this;
    if (Object.hasOwn(members, key)) return members[key] ?? undefined;
    const original = originalName(key);
    return original !== undefined && Object.hasOwn(members, original)
      ? (members[original] ?? undefined)
      : undefined;
  }
}

/** `start_time_unix_nano` of `startTimeUnixNano`; undefined where both are the same. */
const originalNames = new Map<string, string | undefined>();
function originalName(key: string): string | undefined {
  if (originalNames.has(key)) return originalNames.get(key);
  const original = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  // Keys are the program's own: there are few.
  originalNames.set(key, original === key ? undefined : original);
  return originalNames.get(key);
}

function within<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof MalformedJsonError ? error.below(key) : error;
  }
}
