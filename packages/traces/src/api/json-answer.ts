import type { FastifyReply, FastifyRequest } from "fastify";
import { Readable } from "node:stream";

/** Pieces are gathered to about this many characters before they are sent. */
const batchLength = 64 * 1024;

/**
 * Sends JSON that is made piece by piece: a trace of 100,000 spans neither stands in memory as one text nor keeps the
 * thread from other requests. What fits into one batch goes at once and with its length.
 */
export function sendJson(reply: FastifyReply, pieces: Iterable<string>): FastifyReply {
  const batches = batched(pieces);
  const first = batches.next();
  const second = batches.next();
  reply.header("content-type", "application/json");
  const head = first.done === true ? "" : first.value;
  if (second.done === true) return reply.send(Buffer.from(head));
  return reply.send(Readable.from(chain(head, second.value, batches)));
}

function* batched(pieces: Iterable<string>): Generator<string, undefined> {
  let gathered = "";
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < batchLength) continue;
    yield gathered;
    gathered = "";
  }
  if (gathered !== "") yield gathered;
}

function* chain(first: string, second: string, rest: Iterable<string>): Generator<string> {
  yield first;
  yield second;
  yield* rest;
}

/** A list in the form that was asked for: within `whole`, or each element on a line of its own (`Accept: application/x-ndjson`). */
export function sendList(
  request: FastifyRequest,
  reply: FastifyReply,
  whole: readonly [before: string, behind: string],
  elements: Iterable<unknown>,
): FastifyReply {
  reply.header("vary", "accept");
  if (wantsLines(request)) return sendLines(reply, ended(elements));
  return sendJson(reply, framed(whole, elements));
}

export function wantsLines({ headers }: FastifyRequest): boolean {
  return /(?:^|,)\s*application\/x-ndjson\s*(?:$|[,;])/i.test(headers.accept ?? "");
}

export function sendLines(reply: FastifyReply, text: Iterable<string> | AsyncIterable<string>): FastifyReply {
  return reply
    .header("content-type", "application/x-ndjson")
    .send(Readable.from(text, { objectMode: false }));
}

function* ended(elements: Iterable<unknown>): Generator<string> {
  for (const element of elements) yield `${JSON.stringify(element)}\n`;
}

function* framed(
  [before, behind]: readonly [string, string],
  elements: Iterable<unknown>,
): Generator<string> {
  yield before;
  yield* jsonArray(jsonElements(elements));
  yield behind;
}

/** A JSON array, element by element. */
export function* jsonArray(elements: Iterable<Iterable<string>>): Generator<string> {
  yield "[";
  let separator = "";
  for (const element of elements) {
    yield separator;
    yield* element;
    separator = ",";
  }
  yield "]";
}

/** Values as the elements of `jsonArray`. */
export function* jsonElements(values: Iterable<unknown>): Generator<[string]> {
  for (const value of values) yield [JSON.stringify(value)];
}
