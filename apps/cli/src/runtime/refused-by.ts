import { type ErrorCode, errorTable, type Problem, ThroughlineError } from "@throughline/api";

/** A server's refusal in its own words, under its own code where it is one of ours. */
export function refusedBy(url: string, status: number, answer: unknown): ThroughlineError {
  const { code, detail } = (typeof answer === "object" && answer !== null ? answer : {}) as Partial<Problem>;
  const known = code !== undefined && code in errorTable ? (code satisfies ErrorCode) : "TL_INTERNAL";
  return new ThroughlineError(known, `${url} answered ${status}${detail === undefined ? "" : `: ${detail}`}`);
}
