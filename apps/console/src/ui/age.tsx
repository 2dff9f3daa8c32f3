import { formatAge, formatTime } from "./format.ts";

/** How long ago; when exactly, on hover. */
export function Age({ atMs, nowMs }: { atMs: number; nowMs: number }) {
  return (
    <time dateTime={new Date(atMs).toISOString()} title={formatTime(atMs)}>
      {formatAge(atMs, nowMs)}
    </time>
  );
}
