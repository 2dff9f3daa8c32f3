/** How long the random tests run, and from which seed: see scripts/test-long.ts. */
const part = Number(process.env["THROUGHLINE_ROUNDS"] ?? 0.05);
export const seed = Number(process.env["THROUGHLINE_SEED"] ?? Date.now() % 1_000_000);

export function rounds(all: number): number {
  return Math.max(1, Math.ceil(all * part));
}

/** Numbers from 0 to below `limit`, the same for the same seed (mulberry32). */
export function randomNumbers(from: number): (limit: number) => number {
  let state = from >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000) * limit);
  };
}
