import type { Piece } from "../json-answer.ts";

export interface LegacyError {
  msg: string;
  traceID: string;
}

/** Jaeger's envelope around `data`; `limit` and `offset` are always 0, `total` is set by the lists of names alone. */
export function* envelope<P extends Piece>(
  data: Iterable<P | string>,
  total: number,
  errors: readonly LegacyError[],
): Generator<P | string> {
  yield '{"data":';
  yield* data;
  yield `,"total":${total},"limit":0,"offset":0,"errors":${JSON.stringify(errors.length > 0 ? errors : null)}}`;
}
