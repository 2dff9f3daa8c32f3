import type { AttributeValue, KeyValue } from "../model.ts";

/** JSON has no NaN and no infinities: they travel as these words, as in protobuf's JSON mapping. */
export function jsonDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A JSON number where every reader gets it exactly, else decimal digits in a string. */
export function jsonInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** An attribute's value as plain JSON: bytes in base64, no value as null. */
export function plainJson(value: AttributeValue): unknown {
  switch (value.type) {
    case "string":
    case "bool":
      return value.value;
    case "int":
      return jsonInteger(value.value);
    case "double":
      return jsonDouble(value.value);
    case "bytes":
      return base64(value.value);
    case "array":
      return value.value.map(plainJson);
    case "map":
      return plainObject(value.value);
    case "empty":
      return null;
  }
}

function plainObject(entries: readonly KeyValue[]): object {
  return Object.fromEntries(entries.map(({ key, value }) => [key, plainJson(value)]));
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
