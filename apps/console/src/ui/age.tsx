import { formatAge } from "./format.ts";
import { useTimeFormat } from "./zone.tsx";

/** How long ago; when exactly, on hover. */
export function Age({ atMs, nowMs }: { atMs: number; nowMs: number }) {
  const format = useTimeFormat();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={format(atMs)}>
      {formatAge(atMs, nowMs)}
    </time>
  );
}

/** When exactly, in the reader's zone. */
export function Time({ atMs }: { atMs: number }) {
  const format = useTimeFormat();
  return <time dateTime={new Date(atMs).toISOString()}>{format(atMs)}</time>;
}
