import type { FastifyReply } from "fastify";
import type { RemovedSpans } from "../query/reader.ts";

/**
 * Nothing found is not nothing stored: an empty answer says what retention deleted, in a header (lines and files have no other place) and as
 * the member `removed` of a JSON answer, which is returned, with its comma. `from`: the earliest start that was asked for.
 */
export function tellRemoval(reply: FastifyReply, removed: RemovedSpans | null, from?: bigint): string {
  if (removed === null || (from !== undefined && from > BigInt(removed.lastStart))) return "";
  const milliseconds = Number(BigInt(removed.lastStart) / 1_000_000n);
  const isDate = milliseconds <= 8_640_000_000_000_000;
  const at = new Date(removed.atMs).toISOString();
  const until = isDate ? new Date(milliseconds).toISOString() : `${removed.lastStart} ns`;
  reply.header("throughline-removed", `at="${at}", until="${until}"`);
  return `,"removed":${JSON.stringify({ at, until })}`;
}

/** Behind what says that a trace is not there: it may have been. */
export function mayBeRemoved(removed: RemovedSpans | null): string {
  if (removed === null) return "";
  const iso = (ms: number): string => new Date(ms).toISOString();
  return `: spans received until ${iso(removed.receivedLastMs)} were removed by retention at ${iso(removed.atMs)}`;
}
