import type { FastifyReply, FastifyRequest } from "fastify";
import { Readable } from "node:stream";

/** A piece of an answer: text, or bytes of it. */
export type Piece = string | Uint8Array;

/** Pieces are gathered to about this many bytes before they are sent. */
const batchLength = 64 * 1024;

/**
 * Sends JSON that is made piece by piece: a trace of 100,000 spans neither stands in memory as one text nor keeps the
 * thread from other requests. What fits into one batch goes at once and with its length.
 */
export function sendJson(
  reply: FastifyReply,
  pieces: Iterable<Piece>,
  type = "application/json",
): FastifyReply {
  const batches = batched(pieces);
  const first = batches.next();
  const second = batches.next();
  reply.header("content-type", type);
  const head = first.done === true ? Buffer.alloc(0) : first.value;
  if (second.done === true) return reply.send(head);
  return reply.send(Readable.from(chain(head, second.value, batches), { objectMode: false }));
}

function* batched(pieces: Iterable<Piece>): Generator<Buffer, undefined> {
  let parts: Uint8Array[] = [];
  let length = 0;
  let text = "";
  const gathered = (): Buffer => {
    if (text !== "") parts.push(Buffer.from(text));
    const [only] = parts;
    const batch =
      parts.length === 1 && only !== undefined
        ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
        : Buffer.concat(parts);
    parts = [];
    length = 0;
    text = "";
    return batch;
  };
  for (const piece of pieces) {
    if (typeof piece === "string") text += piece;
    else {
      if (text !== "") parts.push(Buffer.from(text));
      text = "";
      parts.push(piece);
      length += piece.length;
    }
    if (length + text.length >= batchLength) yield gathered();
  }
  if (parts.length > 0 || text !== "") yield gathered();
}

function* chain(first: Buffer, second: Buffer, rest: Iterable<Buffer>): Generator<Buffer> {
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

export function wantsLines(request: FastifyRequest): boolean {
  return wants(request, "application/x-ndjson");
}

/** Whether a client names this type among those that it takes. */
export function wants({ headers }: FastifyRequest, type: string): boolean {
  return (headers.accept ?? "")
    .split(",")
    .some((range) => range.split(";", 1)[0]?.trim().toLowerCase() === type);
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
export function* jsonArray<P extends Piece>(elements: Iterable<Iterable<P | string>>): Generator<P | string> {
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
