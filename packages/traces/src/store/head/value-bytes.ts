/**
 * A value as the store keeps it: one byte for its type, then
 *   0 empty    nothing
 *   1 string   UTF-8
 *   2 bool     one byte, 0 or 1
 *   3 int      zigzag varint of the 64-bit number, shortest form
 *   4 double   8 bytes, IEEE 754, little-endian
 *   5 bytes    as they are
 *   6 array    OTLP's ArrayValue (protobuf), fields in order
 *   7 map      OTLP's KeyValueList
 * Equal values have equal bytes.
 */
import { decodeValue, encodeValue } from "../batch-encoding.ts";
import { attributeText } from "../attribute-text.ts";
import type { AttributeValue } from "../../model.ts";

export const valueType = {
  empty: 0,
  string: 1,
  bool: 2,
  int: 3,
  double: 4,
  bytes: 5,
  array: 6,
  map: 7,
} as const;

/** The bytes of any value but a string, which `Dictionary` writes in place. */
export function valueBytes(value: AttributeValue): Uint8Array {
  switch (value.type) {
    case "empty":
      return Uint8Array.of(valueType.empty);
    case "string":
      return Buffer.concat([Uint8Array.of(valueType.string), Buffer.from(value.value, "utf8")]);
    case "bool":
      return Uint8Array.of(valueType.bool, value.value ? 1 : 0);
    case "int":
      return intBytes(value.value);
    case "double": {
      const bytes = Buffer.alloc(9);
      bytes[0] = valueType.double;
      // One NaN: others cannot be told apart in JavaScript.
      bytes.writeDoubleLE(value.value, 1);
      return bytes;
    }
    case "bytes":
      return Buffer.concat([Uint8Array.of(valueType.bytes), value.value]);
    case "array":
      return Buffer.concat([Uint8Array.of(valueType.array), encodeValue(value)]);
    case "map":
      return Buffer.concat([Uint8Array.of(valueType.map), encodeValue(value)]);
  }
}

function intBytes(value: bigint): Uint8Array {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [valueType.int];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export function readValue(bytes: Buffer, start: number, end: number): AttributeValue {
  switch (bytes[start]) {
    case valueType.string:
      return { type: "string", value: bytes.toString("utf8", start + 1, end) };
    case valueType.bool:
      return { type: "bool", value: bytes[start + 1] === 1 };
    case valueType.int:
      return { type: "int", value: readInt(bytes, start + 1, end) };
    case valueType.double:
      return { type: "double", value: bytes.readDoubleLE(start + 1) };
    case valueType.bytes:
      return { type: "bytes", value: new Uint8Array(bytes.subarray(start + 1, end)) };
    case valueType.array:
    case valueType.map:
      return decodeValue(bytes.subarray(start + 1, end));
    case undefined:
    default:
      return { type: "empty" };
  }
}

/** An integer or a double as a number, rounded where it is beyond 2^53; undefined for other values. */
export function readNumber(bytes: Buffer, start: number, end: number): number | undefined {
  if (bytes[start] === valueType.double) return bytes.readDoubleLE(start + 1);
  if (bytes[start] !== valueType.int) return undefined;
  if (end - start > 5) return Number(readInt(bytes, start + 1, end));
  // Up to four bytes, 28 bits.
  let zigzag = 0;
  for (let at = start + 1, shift = 0; at < end; at++, shift += 7)
    zigzag |= ((bytes[at] ?? 0) & 0x7f) << shift;
  return (zigzag >>> 1) ^ -(zigzag & 1);
}

/** What searches compare (see `attributeText`). */
export function valueText(bytes: Buffer, start: number, end: number): string {
  return bytes[start] === valueType.string
    ? bytes.toString("utf8", start + 1, end)
    : attributeText(readValue(bytes, start, end));
}

function readInt(bytes: Buffer, start: number, end: number): bigint {
  let low = 0;
  let at = start;
  // Up to 49 bits as a number.
  for (let factor = 1; at < end && at < start + 7; at++, factor *= 128)
    low += ((bytes[at] ?? 0) & 0x7f) * factor;
  let value = BigInt(low);
  for (let shift = 49n; at < end; at++, shift += 7n) value |= BigInt((bytes[at] ?? 0) & 0x7f) << shift;
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
}
