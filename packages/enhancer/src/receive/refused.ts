import { type ErrorCode, type FieldError, ThroughlineError } from "@throughline/api";

/** A refusal that says when to come again. */
export class Refused extends ThroughlineError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, headers: Readonly<Record<string, string>>) {
    super(code, message);
    this.headers = headers;
  }
}

/** The body is readable and does not say what it must; only fields are named, never values. */
export function invalidTicket(fields: readonly FieldError[]): ThroughlineError {
  const names = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new ThroughlineError("TL_TICKET_INVALID", names.slice(0, 1_000), { fields });
}

interface Issue {
  code: string;
  path: PropertyKey[];
  message: string;
  keys?: string[];
}

/** Names of fields as people write them; what looks like data is not told again. */
const fieldName = /^[a-z]+(?:[_A-Z][a-z]+)*$/;

/** Fields at fault by zod's issues. An unknown field's name is the sender's text: only one that is nothing but a name is told. */
export function fieldErrors(issues: readonly Issue[]): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code !== "unrecognized_keys")
      return [{ field: issue.path.join(".") || "(body)", message: issue.message }];
    return (issue.keys ?? []).slice(0, 20).map((key) => ({
      field: key.length <= 40 && fieldName.test(key) ? key : "(unnamed)",
      message: "is not a known field",
    }));
  });
}
