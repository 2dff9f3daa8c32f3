import { hashBytes, mix } from "../hash.ts";
import { valueText, valueType } from "../head/value-bytes.ts";

/** Of twelve bits for each entry six are looked at: some 0.4 % of the others are found as well. */
const bitsOfEntry = 12;
const probes = 6;

/** A bloom filter's bytes: bits of little-endian order; its size is its length. */
export function makeBloom(hashes: ArrayLike<number>, count: number): Buffer {
  const bits = Math.max(64, Math.ceil((count * bitsOfEntry) / 8) * 8);
  const bloom = Buffer.alloc(bits / 8);
  for (let entry = 0; entry < count; entry++) {
    let hash = hashes[entry] ?? 0;
    const step = mix(hash ^ 0x5bd1e995) | 1;
    for (let probe = 0; probe < probes; probe++, hash = (hash + step) | 0) {
      const bit = (hash >>> 0) % bits;
      bloom[bit >> 3] = (bloom[bit >> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return bloom;
}

/** False: surely not one of the entries. */
export function mayContain(bloom: Uint8Array, first: number): boolean {
  const bits = bloom.length * 8;
  let hash = first;
  const step = mix(hash ^ 0x5bd1e995) | 1;
  for (let probe = 0; probe < probes; probe++, hash = (hash + step) | 0) {
    const bit = (hash >>> 0) % bits;
    if (((bloom[bit >> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

export function keyHash(key: Buffer): number {
  return hashBytes(viewOf(key), 0, key.length, 0x7c0ffee);
}

/** What a filter of attributes holds for a value: the hash of its text under its key's. */
export function textHash(ofKey: number, text: Buffer): number {
  return hashBytes(viewOf(text), 0, text.length, ofKey);
}

/** `textHash` of a value's bytes (see `head/value-bytes.ts`), which `values` is a view of. */
export function valueHash(
  ofKey: number,
  bytes: Buffer,
  values: DataView,
  start: number,
  end: number,
): number {
  return bytes[start] === valueType.string
    ? hashBytes(values, start + 1, end, ofKey)
    : textHash(ofKey, Buffer.from(valueText(bytes, start, end), "utf8"));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
