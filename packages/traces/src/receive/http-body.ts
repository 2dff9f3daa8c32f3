/** Bodies of span requests over HTTP, whatever protocol they are of. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { BudgetShare } from "./byte-budget.ts";
import { type ContentCoding, contentCodings, inflateBody, requestLimitBytes, tooLarge } from "./inflate.ts";
import { grpcCode, overloaded, type Refusal, RefusedError } from "../rpc-status.ts";

/** The body, inflated; undefined when the client went away before it was complete. Throws RefusedError, ThroughlineError. */
export async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  share: BudgetShare,
): Promise<readonly Uint8Array[] | undefined> {
  const coding = codingOf(request);
  if (coding === undefined) {
    response.setHeader("accept-encoding", contentCodings.join(", "));
    throw httpRefusal(
      415,
      grpcCode.invalidArgument,
      `content-encoding must be one of ${contentCodings.join(", ")}`,
    );
  }
  const body = await collectBody(request, share);
  return body === undefined ? undefined : inflateBody(body, coding, share);
}

export function httpRefusal(httpStatus: number, code: Refusal["code"], message: string): RefusedError {
  return new RefusedError({ httpStatus, code, message });
}

/** Undefined when the client went away before its body was complete. */
function collectBody(request: IncomingMessage, share: BudgetShare): Promise<Buffer[] | undefined> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > requestLimitBytes) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > requestLimitBytes) reject(tooLarge());
      else if (!share.grow(chunk.length)) reject(overloaded());
      else return;
      request.removeAllListeners("data");
    });
    request.on("end", () => resolve(chunks));
    request.on("close", () => resolve(undefined));
    // Followed by `close`: the client went away.
    request.on("error", () => resolve(undefined));
  });
}

function codingOf(request: IncomingMessage): ContentCoding | undefined {
  const coding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  return contentCodings.find((known) => known === (coding === "" ? "identity" : coding));
}
