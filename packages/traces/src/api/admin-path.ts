import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Principal } from "../access.ts";
import { isOfOwnPage } from "../host-guard.ts";

/**
 * What answers below `/admin/api/` of the console's address: the operations of an enhancer. `identify` tells who asks, by the rules of this
 * address, and throws as `Gate.identify`.
 */
export type AdminHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  identify: () => Promise<Principal>,
) => void;

export function isAdminPath(path: string): boolean {
  return path.startsWith("/admin/api/");
}

/** Gives a request to the handler, with the headers that its answer has so far. A page of another origin changes nothing through it. */
export function answerByAdmin(
  handler: AdminHandler | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
  { identify, publicHost }: { identify: () => Promise<Principal>; publicHost: string | undefined },
): void {
  if (handler === undefined)
    throw new ThroughlineError("TL_ENHANCER_ABSENT", "No enhancer is connected to this console.");
  const { method, headers } = request;
  if (method !== "GET" && method !== "HEAD") {
    if (!isOfOwnPage(headers, publicHost))
      throw new ThroughlineError("TL_HOST_REFUSED", "A page of another origin may change nothing here.");
    // No form of a page can send this.
    if (!/^application\/json(?:;|$)/i.test(headers["content-type"] ?? ""))
      throw new ThroughlineError("TL_MEDIA_TYPE_UNSUPPORTED", "Content-Type must be application/json.");
  }
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value);
  reply.raw.setHeader("cache-control", "no-store");
  handler(request.raw, reply.raw, identify);
}
