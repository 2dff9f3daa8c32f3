/** A wall clock that steps: beyond this the monotonic clock is anchored anew. */
const toleratedDriftMs = 5;
let anchorMs = Date.now() - performance.now();

/**
 * Milliseconds since the epoch with a fraction (microseconds), never going back between two reads unless the wall clock
 * itself was set. `Date.now()` cuts to whole milliseconds, in which a child can seem to outlive its parent.
 */
export function wallClockMs(): number {
  const monotonic = performance.now();
  const wall = Date.now();
  if (Math.abs(wall - (anchorMs + monotonic)) > toleratedDriftMs) anchorMs = wall - monotonic;
  return anchorMs + monotonic;
}
