import { z } from "zod";
import { DeskError, type DeskErrorKind } from "../desk.ts";
import { type DeskResponse, retryAfterMs } from "../http.ts";

const problem = z.object({ error: z.string().optional(), error_human: z.string().optional() });

/** The body of a success, parsed. `asked` ends the sentence "The desk refused ...". */
export function judgeAnswer(response: DeskResponse, asked: string): unknown {
  const body = parseJson(response.text);
  const { status } = response;
  if (status >= 200 && status < 300) {
    if (typeof body === "object" && body !== null) return body;
    throw new DeskError("transient", "The desk's answer is not Zammad's JSON.", { httpStatus: status });
  }
  const told = problem.safeParse(body).data;
  const words = (told?.error_human ?? told?.error ?? "")
    .replace(/<[^<>]{0,300}>/g, " ")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 200);
  const said = `${status}${response.statusText === "" ? "" : ` ${response.statusText}`}`;
  throw new DeskError(
    kindOf(status),
    `The desk refused ${asked} (${said})${words === "" ? "" : `: ${words}`}${advice(status)}`,
    { httpStatus: status, retryAfterMs: retryAfterMs(response) },
  );
}

function kindOf(status: number): DeskErrorKind {
  if (status === 429) return "throttled";
  return status >= 500 || status === 408 ? "transient" : "permanent";
}

function advice(status: number): string {
  if (status === 401) return " Check the tenant's access token.";
  if (status === 403) return " Check that the token's agent has the group and the permission ticket.agent.";
  if (status === 404) return " The desk does not know this ticket, or the base address is wrong.";
  return "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
