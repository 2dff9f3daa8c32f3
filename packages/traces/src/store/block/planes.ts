import type { ByteReader, ByteWriter } from "./bytes.ts";

/** Above so many bits a byte, a plane is random: compressing it is a waste. */
const randomBits = 7.5;
const plane = { constant: 0, calm: 1, noisy: 2 } as const;
const scratch = Buffer.alloc(8_192);
const histogram = new Uint32Array(256);

/**
 * 64-bit numbers as eight planes of bytes, lowest first. For each: one byte 0 and the byte that all have; 1 and the plane, among what
 * is compressed; 2 where the plane lies in `noisy`, which is not. `pairs`: low and high halves by turns.
 */
export function writePlanes(pairs: Uint32Array, count: number, calm: ByteWriter, noisy: ByteWriter): void {
  const bytes = count <= scratch.length ? scratch : Buffer.alloc(count);
  for (let number = 0; number < 8; number++) {
    const word = number >> 2;
    const shift = (number & 3) * 8;
    histogram.fill(0);
    for (let at = 0; at < count; at++) {
      const byte = ((pairs[at * 2 + word] ?? 0) >>> shift) & 0xff;
      bytes[at] = byte;
      histogram[byte] = (histogram[byte] ?? 0) + 1;
    }
    if (count === 0 || histogram[bytes[0] ?? 0] === count) {
      calm.u8(plane.constant);
      calm.u8(count === 0 ? 0 : (bytes[0] ?? 0));
    } else if (entropy(count) > randomBits) {
      calm.u8(plane.noisy);
      noisy.raw(bytes.subarray(0, count));
    } else {
      calm.u8(plane.calm);
      calm.raw(bytes.subarray(0, count));
    }
  }
}

export function readPlanes(count: number, calm: ByteReader, noisy: ByteReader): Uint32Array {
  const pairs = new Uint32Array(count * 2);
  for (let number = 0; number < 8; number++) {
    const word = number >> 2;
    const shift = (number & 3) * 8;
    const kind = calm.u8();
    if (kind === plane.constant) {
      const byte = calm.u8();
      if (byte === 0) continue;
      for (let at = word; at < count * 2; at += 2) pairs[at] = (pairs[at] ?? 0) | (byte << shift);
      continue;
    }
    const bytes = (kind === plane.calm ? calm : noisy).raw(count);
    for (let at = 0; at < count; at++) {
      const to = at * 2 + word;
      pairs[to] = (pairs[to] ?? 0) | ((bytes[at] ?? 0) << shift);
    }
  }
  return pairs;
}

/** Passes over what `readPlanes` would read. */
export function skipPlanes(count: number, calm: ByteReader, noisy: ByteReader): void {
  for (let number = 0; number < 8; number++) {
    const kind = calm.u8();
    if (kind === plane.constant) calm.skip(1);
    else (kind === plane.calm ? calm : noisy).skip(count);
  }
}

/** Bits a byte, of the histogram. Few samples look calmer than they are. */
function entropy(count: number): number {
  let sum = 0;
  for (let byte = 0; byte < 256; byte++) {
    const n = histogram[byte] ?? 0;
    if (n > 0) sum += n * Math.log2(n);
  }
  return Math.log2(count) - sum / count;
}

/** Differences to the number before (`first` before the first), zigzag; in place, from the last to the first. */
export function toDeltas(pairs: Uint32Array, count: number, firstLow: number, firstHigh: number): void {
  for (let at = count - 1; at >= 0; at--) {
    const beforeLow = at === 0 ? firstLow : (pairs[at * 2 - 2] ?? 0);
    const beforeHigh = at === 0 ? firstHigh : (pairs[at * 2 - 1] ?? 0);
    const low = (pairs[at * 2] ?? 0) - beforeLow;
    const borrow = low < 0 ? 1 : 0;
    const l = low >>> 0;
    const h = ((pairs[at * 2 + 1] ?? 0) - beforeHigh - borrow) | 0;
    const sign = h >> 31;
    pairs[at * 2] = ((l << 1) ^ sign) >>> 0;
    pairs[at * 2 + 1] = (((h << 1) | (l >>> 31)) ^ sign) >>> 0;
  }
}

export function fromDeltas(pairs: Uint32Array, count: number, firstLow: number, firstHigh: number): void {
  let low = firstLow;
  let high = firstHigh;
  for (let at = 0; at < count; at++) {
    const zl = pairs[at * 2] ?? 0;
    const zh = pairs[at * 2 + 1] ?? 0;
    const sign = -(zl & 1);
    const sum = low + ((((zl >>> 1) | (zh << 31)) ^ sign) >>> 0);
    high = (high + ((zh >>> 1) ^ sign) + (sum > 0xffff_ffff ? 1 : 0)) >>> 0;
    low = sum >>> 0;
    pairs[at * 2] = low;
    pairs[at * 2 + 1] = high;
  }
}
