import { z } from "zod";
import { DeskError, type DeskErrorKind } from "./desk.ts";

const message = z.object({
  status_code: z.coerce.number().optional(),
  message: z.string().optional(),
  type: z.string().optional(),
});
const status = z.object({
  status_code: z.coerce.number(),
  status: z.string().optional(),
  messages: z.array(message).optional(),
});
const answer = z.object({ response_status: z.union([status, z.array(status).min(1)]) });

const success = 2000;
/** Inner codes of API v3 that say what to do. */
const permanentCodes = new Set([4001, 4002, 4007, 4012, 4022]);
const throttleCode = 4015;
const rollingThrottle = "URL_ROLLING_THROTTLES_LIMIT_EXCEEDED";

/**
 * The body of a success, parsed. An answer is a success when `response_status` says so, whatever the HTTP status:
 * errors come inside HTTP 200 too.
 */
export function judgeAnswer(response: Response, text: string, ticketId: string): unknown {
  const body = parseJson(text);
  const parsed = answer.safeParse(body);
  if (!parsed.success) {
    if (response.ok)
      throw new DeskError("transient", "The desk's answer is not ServiceDesk Plus v3 JSON.", {
        httpStatus: response.status,
      });
    throw refused(response, [], text, ticketId);
  }
  const verdict = Array.isArray(parsed.data.response_status)
    ? parsed.data.response_status[0]
    : parsed.data.response_status;
  if (response.ok && verdict?.status_code === success) return body;
  const messages = verdict?.messages ?? [];
  const codes = [...messages.map(({ status_code: code }) => code), verdict?.status_code].filter(
    (code) => code !== undefined,
  );
  throw refused(response, codes, messages.map(({ message: words }) => words ?? "").join(" "), ticketId);
}

/** No answer: nobody there, cut off, or too late. What was asked may have been done. */
export function unreachable(
  error: unknown,
  address: { host: string; port: number },
  timeoutMs: number,
  httpStatus: number | undefined,
): DeskError {
  const where = `${address.host}:${address.port}`;
  if (error instanceof Error && error.name === "TimeoutError") {
    return new DeskError("transient", `The desk at ${where} did not answer within ${timeoutMs / 1_000} s.`, {
      httpStatus,
      cause: error,
    });
  }
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  return new DeskError(
    "transient",
    `The desk at ${where} cannot be reached${code === "" ? "" : ` (${code})`}.`,
    { httpStatus, cause: error },
  );
}

function refused(response: Response, codes: readonly number[], words: string, ticketId: string): DeskError {
  const inner = codes.find((code) => code !== 4000);
  const kind = kindOf(response.status, codes, words);
  const said = [
    `${response.status}${response.statusText === "" ? "" : ` ${response.statusText}`}`,
    inner === undefined ? "" : `code ${inner}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
  const detail = words
    .replace(/<[^<>]{0,300}>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200);
  const text = `The desk refused the note on ${ticketId} (${said})${detail === "" ? "" : `: ${detail}`}${advice(response.status, inner)}`;
  return new DeskError(kind, text, { httpStatus: response.status, retryAfterMs: retryAfterMs(response) });
}

function kindOf(httpStatus: number, codes: readonly number[], words: string): DeskErrorKind {
  if (httpStatus === 429 || codes.includes(throttleCode) || words.includes(rollingThrottle))
    return "throttled";
  if (codes.some((code) => permanentCodes.has(code))) return "permanent";
  if (httpStatus >= 500 || codes.includes(4004) || httpStatus === 408) return "transient";
  return "permanent";
}

function advice(httpStatus: number, inner: number | undefined): string {
  if (httpStatus === 401 || inner === 4022) return " Check the tenant's technician key.";
  if (httpStatus === 403 || inner === 4002)
    return " Check that the technician of the key may add notes to this request.";
  if (httpStatus === 404 || inner === 4007)
    return " The desk does not know this request, or the base address is wrong.";
  return "";
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3). */
function retryAfterMs(response: Response): number | undefined {
  const header = response.headers.get("retry-after")?.trim();
  if (header === undefined || header === "") return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
