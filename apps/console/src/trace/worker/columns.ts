/** Where an entry begins in a column of ends: where the one before it ends. */
export function startOf(ends: ArrayLike<number>, at: number): number {
  return at === 0 ? 0 : (ends[at - 1] ?? 0);
}

/** 16 hexadecimal digits. */
export function spanIdAt(ids: Uint8Array, at: number): string {
  return hexAt(ids, at * 8, 8);
}

export function hexAt(bytes: Uint8Array, from: number, length: number): string {
  let text = "";
  for (let at = from; at < from + length; at++) text += (bytes[at] ?? 0).toString(16).padStart(2, "0");
  return text;
}
