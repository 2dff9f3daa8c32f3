/** Hashes for tables and bloom filters. */

/** Of bytes, 32 bits. `seed` keeps kinds of keys apart and, where senders choose the bytes, is random. */
export function hashBytes(view: DataView, start: number, end: number, seed: number): number {
  let hash = seed ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1);
    hash = (hash << 13) | (hash >>> 19);
  }
  for (; at < end; at++) hash = Math.imul(hash ^ view.getUint8(at), 0x85ebca6b);
  return mix(hash);
}

/** Spreads every bit of `hash` over all of them (the finalizer of MurmurHash3). */
export function mix(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Of a trace id, as four words. */
export function hashTraceId(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a, 0x9e3779b1);
  hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ b, 0x85ebca6b);
  hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ c, 0xc2b2ae35);
  hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ d, 0x27d4eb2f);
  return mix(hash);
}

/** Of a span id, as two words; ids that senders count up are spread as well. */
export function hashWords(low: number, high: number): number {
  return mix(Math.imul(low, 0x9e3779b1) ^ high);
}

/** How large an open-addressing table of so many entries is: a power of two, at most half full. */
export function slotsFor(entries: number): number {
  return 2 ** Math.ceil(Math.log2(entries * 2 + 2));
}

export function equalBytes(
  a: DataView,
  aStart: number,
  b: DataView,
  bStart: number,
  length: number,
): boolean {
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    if (a.getInt32(aStart + at, true) !== b.getInt32(bStart + at, true)) return false;
  }
  for (; at < length; at++) {
    if (a.getUint8(aStart + at) !== b.getUint8(bStart + at)) return false;
  }
  return true;
}
