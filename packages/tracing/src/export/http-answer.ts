import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Attempt } from "./retry.ts";
import { MalformedMessage, partialSuccess, readable, statusMessage } from "./rpc-status.ts";
import type { OtlpTransportOptions } from "./transport.ts";

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** It is longer than what was read. */
  isCut: boolean;
}

const answerLimit = 4 * 1024 * 1024;
/** OTLP specification, "Retryable Response Codes". */
const retryable = new Set([429, 502, 503, 504]);

/** Reads an answer up to 4 MiB. Rejects where the connection breaks off. */
export async function readAnswer(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > answerLimit) break;
    chunks.push(chunk);
  }
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: Buffer.concat(chunks),
    isCut: size > answerLimit,
  };
}

/** What an answer means for the request (OTLP specification, "OTLP/HTTP Response"). */
export function judge(answer: HttpAnswer, protocol: OtlpTransportOptions["protocol"], host: string): Attempt {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return taken(answer, protocol, host);
  if (status >= 300 && status < 400) {
    const to = readable(headers.location ?? "elsewhere");
    return {
      kind: "refused",
      reason: readable(`${host} sends on to ${to} (HTTP ${status}); redirects are not followed`),
    };
  }
  const reason = readable(`${host}: HTTP ${status} ${errorText(answer)}`);
  if (!retryable.has(status)) return { kind: "refused", reason };
  const retryAfterMs = retryAfter(headers["retry-after"]);
  return { kind: "retry", reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** An ExportTraceServiceResponse, or nothing; it is in the encoding of the request where it does not say otherwise. */
function taken(
  { headers, body, isCut }: HttpAnswer,
  protocol: OtlpTransportOptions["protocol"],
  host: string,
): Attempt {
  if (body.length === 0 && !isCut) return { kind: "taken", rejected: 0, message: "" };
  try {
    if (isCut) throw new MalformedMessage(`it is over ${answerLimit} bytes`);
    const asked = protocol === "http/json" ? "application/json" : "application/x-protobuf";
    const type = mediaType(headers) ?? asked;
    if (type === "application/json") return { kind: "taken", ...jsonPartialSuccess(body) };
    if (type === "application/x-protobuf") return { kind: "taken", ...partialSuccess(body) };
    throw new MalformedMessage(`${type}: ${body.toString("utf8", 0, 100)}`);
  } catch (error) {
    if (!(error instanceof MalformedMessage) && !(error instanceof SyntaxError)) throw error;
    return { kind: "refused", reason: readable(`${host}: the answer is not OTLP: ${error.message}`) };
  }
}

function errorText({ headers, body }: HttpAnswer): string {
  const type = mediaType(headers);
  if (type === "application/x-protobuf") return statusMessage(body);
  const text = body.toString("utf8", 0, 4_096);
  if (type !== "application/json") return text;
  try {
    const status = JSON.parse(text) as { message?: unknown } | null;
    return typeof status?.message === "string" ? status.message : "";
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text;
  }
}

function mediaType(headers: IncomingHttpHeaders): string | undefined {
  return headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
}

/** 64-bit numbers may come as text. Throws MalformedMessage and SyntaxError. */
function jsonPartialSuccess(body: Buffer): { rejected: number; message: string } {
  const answer = JSON.parse(body.toString()) as unknown;
  if (typeof answer !== "object" || answer === null || Array.isArray(answer))
    throw new MalformedMessage("no JSON object");
  const partial = "partialSuccess" in answer ? answer.partialSuccess : undefined;
  if (typeof partial !== "object" || partial === null) return { rejected: 0, message: "" };
  const rejected = "rejectedSpans" in partial ? Number(partial.rejectedSpans) : 0;
  const message = "errorMessage" in partial ? partial.errorMessage : "";
  return {
    rejected: Number.isFinite(rejected) ? Math.max(0, rejected) : 0,
    message: typeof message === "string" ? readable(message) : "",
  };
}

/** RFC 9110, `Retry-After`: seconds or a date; in milliseconds from now. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
