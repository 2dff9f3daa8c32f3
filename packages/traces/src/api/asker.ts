import type { FastifyRequest } from "fastify";

/** Aborted when the client of a request has gone before it was answered: what it asked for need not be found any more. */
export function askerOf({ raw }: FastifyRequest): AbortSignal {
  const gone = new AbortController();
  raw.socket.once("close", () => gone.abort());
  return gone.signal;
}
