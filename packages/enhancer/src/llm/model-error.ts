import { ThroughlineError } from "@throughline/api";

/** A failed call to the model, with the HTTP status where the server answered. Its message holds nothing of prompt, answer or key. */
export class ModelError extends ThroughlineError {
  readonly httpStatus: number | undefined;
  /** The server or the way to it is at fault, not one answer: others need not wait for the same. */
  readonly isServers: boolean;

  constructor(
    message: string,
    details: { httpStatus?: number | undefined; cause?: unknown; isServers?: boolean } = {},
  ) {
    super("TL_LLM_FAILED", message, { cause: details.cause });
    this.httpStatus = details.httpStatus;
    this.isServers = details.isServers ?? details.httpStatus !== undefined;
  }
}

const advice: Readonly<Record<number, string>> = {
  401: "check OPENAI_API_KEY",
  403: "check what OPENAI_API_KEY may use",
  404: "check OPENAI_BASE_URL and OPENAI_MODEL",
  429: "too many requests, check quota and rate limit",
};

/** A refusal in our own words: a server's message may quote the prompt, its error code does not. */
export function refused(status: number, code: unknown): ModelError {
  const named = typeof code === "string" && /^[a-z][a-z0-9_.-]{2,60}$/i.test(code) ? ` (${code})` : "";
  const help =
    advice[status] ?? (status >= 300 && status < 400 ? "a redirect, check OPENAI_BASE_URL" : undefined);
  return new ModelError(
    `The model server answered ${status}${named}${help === undefined ? "" : `: ${help}`}.`,
    {
      httpStatus: status,
    },
  );
}

/** No connection: the system's code (ECONNREFUSED) stands somewhere down the chain of causes. */
export function unreachable(error: unknown): ModelError {
  let code: string | undefined;
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string" && /^[A-Z_]{3,40}$/.test(at.code)) code = at.code;
  }
  return new ModelError(
    `The model server cannot be reached${code === undefined ? "" : ` (${code})`}: check OPENAI_BASE_URL.`,
    { isServers: true },
  );
}

/** The budget ran out; `lastStatus` is what the server answered to the last try, if it did. */
export function tooLate(budgetMs: number, lastStatus: number | undefined): ModelError {
  if (lastStatus !== undefined && lastStatus >= 400) {
    const { message } = refused(lastStatus, undefined);
    return new ModelError(`${message} Tried again until ${budgetMs / 1_000} s were over.`, {
      httpStatus: lastStatus,
    });
  }
  const late = new ModelError(`The model did not answer within ${budgetMs / 1_000} s.`, { isServers: true });
  late.name = "TimeoutError";
  return late;
}
