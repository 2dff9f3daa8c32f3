import { MalformedJsonError } from "./json-fields.ts";

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;

/** Throws MalformedJsonError. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  try {
    // Integers beyond 2^53 written as bare numbers keep every digit; the slower way is taken only for them.
    if (!/[:[,]\s*-?\d{16}/.test(text)) return JSON.parse(text) as unknown;
    const parseWithSource = JSON.parse as (text: string, reviver: Reviver) => unknown;
    return parseWithSource(text, (_key, value, { source }) =>
      typeof value === "number" && source !== undefined && /^-?\d{16,20}$/.test(source)
        ? BigInt(source)
        : value,
    );
  } catch (cause) {
    // The parser's own message quotes the text, which may hold anything.
    if (cause instanceof SyntaxError || cause instanceof RangeError) {
      throw new MalformedJsonError("the body is not JSON");
    }
    throw cause;
  }
}
