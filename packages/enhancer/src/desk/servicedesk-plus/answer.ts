import { z } from "zod";
import { DeskError, type DeskErrorKind } from "../desk.ts";
import { type DeskResponse, retryAfterMs } from "../http.ts";

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
 * errors come inside HTTP 200 too. `asked` ends the sentence "The desk refused ...".
 */
export function judgeAnswer(response: DeskResponse, asked: string): unknown {
  const body = parseJson(response.text);
  const isOk = response.status >= 200 && response.status < 300;
  const parsed = answer.safeParse(body);
  if (!parsed.success) {
    if (isOk)
      throw new DeskError("transient", "The desk's answer is not ServiceDesk Plus v3 JSON.", {
        httpStatus: response.status,
      });
    throw refused(response, [], response.text.slice(0, 10_000), asked);
  }
  const verdict = Array.isArray(parsed.data.response_status)
    ? parsed.data.response_status[0]
    : parsed.data.response_status;
  if (isOk && verdict?.status_code === success) return body;
  const messages = verdict?.messages ?? [];
  const codes = [...messages.map(({ status_code: code }) => code), verdict?.status_code].filter(
    (code) => code !== undefined,
  );
  throw refused(response, codes, messages.map(({ message: words }) => words ?? "").join(" "), asked);
}

function refused(response: DeskResponse, codes: readonly number[], words: string, asked: string): DeskError {
  const inner = codes.find((code) => code !== 4000);
  const kind = kindOf(response.status, codes, response.text);
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
  const text = `The desk refused ${asked} (${said})${detail === "" ? "" : `: ${detail}`}${advice(response.status, inner)}`;
  return new DeskError(kind, text, { httpStatus: response.status, retryAfterMs: retryAfterMs(response) });
}

function kindOf(httpStatus: number, codes: readonly number[], text: string): DeskErrorKind {
  // Where in an error this one stands differs from build to build.
  if (httpStatus === 429 || codes.includes(throttleCode) || text.includes(rollingThrottle))
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
