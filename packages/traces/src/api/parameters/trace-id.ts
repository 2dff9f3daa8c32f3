/** A trace id as the store has it: 32 lowercase hex digits, from 1..32 digits of any case; undefined for other text. */
export function parseHexTraceId(text: string): string | undefined {
  return /^[0-9a-f]{1,32}$/i.test(text) ? text.toLowerCase().padStart(32, "0") : undefined;
}

/** Also takes 8 or 16 bytes in standard or URL-safe base64, padding optional, as Jaeger does in paths. */
export function parseTraceId(text: string): string | undefined {
  const hex = parseHexTraceId(text);
  if (hex !== undefined) return hex;
  const digits = text.replace(/={1,2}$/, "");
  if (text.length > 24 || !/^(?:[\w+/-]{11}|[\w+/-]{22})$/.test(digits)) return undefined;
  return Buffer.from(digits, "base64").toString("hex").padStart(32, "0");
}
