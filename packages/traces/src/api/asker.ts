import type { FastifyReply, FastifyRequest } from "fastify";

/** Aborted when the client of a request has gone before it was answered: what it asked for need not be found any more. */
export function askerOf({ raw }: FastifyRequest, reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const { socket } = raw;
  const abort = (): void => gone.abort();
  socket.once("close", abort);
  // A connection serves many requests: each takes its listener away when it was answered.
  reply.raw.once("close", () => socket.off("close", abort));
  return gone.signal;
}
