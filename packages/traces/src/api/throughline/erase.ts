import { type EraseReport, type EraseRequest, eraseRequest } from "@throughline/api";
import { ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance, FastifyRequest } from "fastify";

export const erasePath = "/api/throughline/erase";

/** Erases the traces of a ticket or a tenant. */
export function eraseRoute(
  server: FastifyInstance,
  erase: (what: EraseRequest, request: FastifyRequest) => Promise<EraseReport>,
): void {
  server.post(erasePath, async (request) => {
    const text = Buffer.isBuffer(request.body) ? request.body.toString("utf8") : "";
    const parsed = eraseRequest.safeParse(parseJson(text));
    if (parsed.success) return erase(parsed.data, request);
    const [issue] = parsed.error.issues;
    throw new ThroughlineError("TL_BODY_UNREADABLE", `The request: ${issue?.message ?? "not as expected"}.`);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ThroughlineError("TL_BODY_UNREADABLE", "The request's body is no JSON.", { cause });
  }
}
