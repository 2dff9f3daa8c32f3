/** What requests of web pages may do at a receiver: nothing, but from origins that a setting names. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ThroughlineError } from "@throughline/api/errors";
import { isOfOwnPage, mayServeHost } from "../host-guard.ts";

/** Headers that a browser may send along: those of exporters, tokens and trace context. */
const allowedHeaders = "content-type, content-encoding, authorization, traceparent, tracestate";

/**
 * Origins as the browser writes them, `https://app.example`, or `*`; empty: none. True where the request was a browser's question before
 * the request proper, and is answered. Throws ThroughlineError TL_HOST_REFUSED.
 */
export function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  origins: readonly string[],
): boolean {
  const { host, origin } = request.headers;
  const at = { address: request.socket.localAddress ?? "", family: "", port: request.socket.localPort ?? 0 };
  if (!mayServeHost(host, at))
    throw new ThroughlineError("TL_HOST_REFUSED", "This address is served under loopback names only.");
  if (origin === undefined) return false;
  const isAllowed = origins.includes(origin) || origins.includes("*");
  if (isAllowed) {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("vary", "origin");
    response.setHeader("access-control-expose-headers", "retry-after");
  }
  const isQuestion =
    request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
  if (!isAllowed && !isOfOwnPage(request.headers))
    throw new ThroughlineError("TL_HOST_REFUSED", "Pages of other origins may send nothing here.");
  if (!isQuestion) return false;
  response.writeHead(204, {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": allowedHeaders,
    "access-control-max-age": "7200",
  });
  response.end();
  return true;
}
