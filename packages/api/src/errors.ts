import { backupErrors } from "./backup-errors.ts";
import { loginErrors } from "./login-errors.ts";
import { noteErrors } from "./note-errors.ts";
import { tenantErrors } from "./tenant-errors.ts";
import { webhookErrors } from "./webhook-errors.ts";

/**
 * The one error table. `docs/errors.md` lists the same rows; a test keeps both equal.
 * `status` is the HTTP status where the error can be an answer, else null (start-up and command errors).
 */
export const errorTable = {
  ...backupErrors,
  ...loginErrors,
  ...webhookErrors,
  ...tenantErrors,
  TL_ADDRESS_IN_USE: {
    status: null,
    title: "The address is already in use",
    remedy:
      "Stop the program that holds the port, or choose another address with the flag that the message names.",
  },
  TL_BODY_TOO_LARGE: {
    status: 413,
    title: "The request body is over the limit",
    remedy: "Send a smaller body: webhooks take 1 MiB, OTLP requests 64 MiB after inflating.",
  },
  TL_BODY_UNREADABLE: {
    status: 400,
    title: "The request body cannot be read",
    remedy: "Check that the body is complete and that Content-Type and Content-Encoding name what was sent.",
  },
  TL_CONSOLE_NOT_BUILT: {
    status: 503,
    title: "The console has not been built",
    remedy: "Run `npm run build` once, then reload the page.",
  },
  TL_DATA_DIRECTORY_IN_USE: {
    status: null,
    title: "A trace backend already runs on this data directory",
    remedy: "Use the running instance, stop it, or choose another directory with --data.",
  },
  TL_DATA_DIRECTORY_UNUSABLE: {
    status: null,
    title: "The data directory cannot be used",
    remedy:
      "Check that the path is a directory which this user may read and write, and that the disk has room.",
  },
  TL_DATA_VERSION_UNKNOWN: {
    status: null,
    title: "The data directory was written by an unknown version",
    remedy: "Start the version of Throughline that wrote it, or choose another directory with --data.",
  },
  TL_DATABASE_EXTENSION_MISSING: {
    status: null,
    title: "The PostgreSQL database lacks an extension",
    remedy:
      "Let its owner run `CREATE EXTENSION pg_trgm` in it once (part of PostgreSQL's contrib package), or give the user CREATE on the database.",
  },
  TL_DATABASE_UNAVAILABLE: {
    status: 503,
    title: "PostgreSQL cannot be used at the moment",
    remedy:
      "Check that the server runs, that --postgres names it, and that user, password and certificates are right; what waits goes on by itself.",
  },
  TL_DESK_REFUSED: {
    status: null,
    title: "The service desk refused the note",
    remedy: "Check the technician key and its rights on the desk, then `throughline jobs retry ID`.",
  },
  TL_DESK_UNAVAILABLE: {
    status: null,
    title: "The service desk did not answer as expected",
    remedy: "Check that the desk is up and reachable; the job is retried with back-off.",
  },
  TL_EXPORT_BROKEN: {
    status: null,
    title: "An export ended before its end",
    remedy: "What was written is not all: run it again, with a narrower query if it takes too long.",
  },
  TL_FILE_UNREADABLE: {
    status: null,
    title: "A file or folder cannot be read",
    remedy: "Check the path and its permissions.",
  },
  TL_ENHANCER_ABSENT: {
    status: 404,
    title: "No enhancer is connected",
    remedy:
      "Run `throughline up`, or start the trace backend with --enhancer (and --enhancer-token-file, where the enhancer has another data directory) to see tickets here; traces are there without.",
  },
  TL_ENHANCER_UNREACHABLE: {
    status: 502,
    title: "The enhancer does not answer",
    remedy:
      "Check that it runs, that --enhancer names its admin address and that the token is valid: of --enhancer-token-file, or of console.token where both share a data directory.",
  },
  TL_HOST_REFUSED: {
    status: 403,
    title: "The request came under a host name that this address is not served under",
    remedy:
      "Use a loopback name such as 127.0.0.1 or localhost; a proxy on the same machine must send one as Host.",
  },
  TL_IMPORT_NOTHING: {
    status: null,
    title: "Nothing in the file could be imported",
    remedy: "Compare the file's columns or fields with `throughline import --help`.",
  },
  TL_INTERNAL: {
    status: 500,
    title: "An unexpected error",
    remedy: "See the log line with the same trace id; report it if it repeats.",
  },
  TL_JOB_NOT_DISCARDABLE: {
    status: 409,
    title: "The job cannot be discarded in its present state",
    remedy: "Wait until it ends, or pause the queue; see `throughline jobs show ID`.",
  },
  TL_JOB_NOT_FOUND: {
    status: 404,
    title: "No such job",
    remedy: "List the jobs with `throughline jobs list`.",
  },
  TL_JOB_NOT_RETRYABLE: {
    status: 409,
    title: "The job cannot be retried in its present state",
    remedy: "Only a job that ended can be retried; see `throughline jobs show ID`.",
  },
  TL_LLM_FAILED: {
    status: null,
    title: "The model did not write a usable note",
    remedy:
      "Check OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL, quota and reachability; the gathered context was written instead.",
  },
  TL_LOGS_NOT_FOUND: {
    status: 404,
    title: "No log line is known of this ticket, trace or job",
    remedy: "Check the id, and look where the message says.",
  },
  TL_NOT_FOUND: {
    status: 404,
    title: "Nothing is found at this address",
    remedy: "Check the path and the method.",
  },
  TL_NOT_RUNNING: {
    status: null,
    title: "No instance is running on this data directory",
    remedy:
      "Start one with `throughline up --data DIR`, or name the directory of the running one with --data.",
  },
  TL_OVERLOADED: {
    status: 429,
    title: "More spans are being received at this moment than the backend holds at once",
    remedy: "Send the same again after the time that the answer names; OpenTelemetry's exporters do.",
  },
  TL_PARAMETER_INVALID: {
    status: 400,
    title: "A request parameter is wrong",
    remedy: "Correct the parameter that the message names.",
  },
  TL_QUERY_TIMEOUT: {
    status: 504,
    title: "The query took too long",
    remedy: "Ask for a shorter time window, or add a service, an operation or an attribute.",
  },
  TL_QUERY_TOO_WIDE: {
    status: 422,
    title: "The query has too many answers",
    remedy: "Ask for a shorter time window or for another attribute.",
  },
  TL_QUEUE_UNAVAILABLE: {
    status: 503,
    title: "The job could not be stored, nothing was accepted",
    remedy: "Send the webhook again later; check the disk of the data directory.",
  },
  TL_RATE_LIMITED: {
    status: 429,
    title: "More was sent than is taken in this time",
    remedy:
      "Send the same again after the time that the answer names. Spans: `throughline token list` shows the limits, `token add --rate-spans --rate-bytes` sets others. Webhooks: `throughline tenant set ID --rate N`.",
  },
  TL_READS_OVERLOADED: {
    status: 503,
    title: "More spans are being read at this moment than the backend holds at once",
    remedy: "Ask again when other clients have read their answers.",
  },
  TL_RUNTIME_MISSING: {
    status: null,
    title: "Node 24 is not installed beside the command",
    remedy: "In a checkout run `npm ci` at its root; else install Node 24 or newer.",
  },
  TL_SETTING_INVALID: {
    status: null,
    title: "A setting is wrong",
    remedy: "Correct the flag or variable that the message names; `throughline COMMAND --help` lists them.",
  },
  TL_STORAGE_CANNOT: {
    status: 501,
    title: "The storage behind this backend has no such thing",
    remedy: "Ask that storage itself, or run without `--storage`.",
  },
  TL_STORAGE_UNAVAILABLE: {
    status: 503,
    title: "The storage behind this backend does not answer, or refuses",
    remedy:
      "Check the server that `--storage` names, its log and its token; senders try again by themselves.",
  },
  TL_TOKEN_REFUSED: {
    status: 401,
    title: "The token is not good",
    remedy: "Check it with `throughline token list`; make another with `throughline token add`.",
  },
  TL_TOKEN_REQUIRED: {
    status: 401,
    title: "This address asks for a token",
    remedy: "Send `Authorization: Bearer <token>`; `throughline token add` makes one.",
  },
  TL_TOKEN_SCOPE: {
    status: 403,
    title: "The token does not allow this",
    remedy: "Use a token with the scope that the message names.",
  },
  TL_TOKEN_UNKNOWN: {
    status: null,
    title: "There is no such token",
    remedy: "List the tokens with `throughline token list`.",
  },
  TL_TRACE_BACKEND_FAILED: {
    status: 503,
    title: "The trace backend cannot store or read",
    remedy: "See its log; check the disk of the data directory.",
  },
  TL_TRACE_NOT_FOUND: {
    status: 404,
    title: "No such trace",
    remedy: "Spans arrive a few seconds after the work; check the id, the sampling rate and the retention.",
  },
  TL_USAGE: {
    status: null,
    title: "The command was used wrongly",
    remedy: "See `throughline COMMAND --help`.",
  },
  TL_VERIFY_UNDER_WAY: {
    status: null,
    title: "Another verification runs on this system",
    remedy: "Wait until it has ended, half a minute at most, then run `throughline verify` again.",
  },
  ...noteErrors,
} as const satisfies Record<string, { status: number | null; title: string; remedy: string }>;

export type ErrorCode = keyof typeof errorTable;

/** An error with a row in the table. `message` says what was wrong and where; it never holds secrets or bodies. */
export class ThroughlineError extends Error {
  readonly code: ErrorCode;
  /** Fields at fault, for answers about input: where (dotted path) and what is wrong, never the value. */
  readonly fields: readonly FieldError[];

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { fields?: readonly FieldError[] } = {},
  ) {
    super(message, options);
    this.name = "ThroughlineError";
    this.code = code;
    this.fields = options.fields ?? [];
  }
}

export interface FieldError {
  field: string;
  message: string;
}

/** RFC 9457 problem details, media type `application/problem+json`. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  remedy: string;
  /** Of the trace, and of the log line, that tell more. */
  trace_id?: string;
  errors?: readonly FieldError[];
}

export const problemMediaType = "application/problem+json";

export function toProblem(error: ThroughlineError, traceId?: string): Problem {
  const row = errorTable[error.code];
  return {
    type: `urn:throughline:error:${error.code}`,
    title: row.title,
    status: row.status ?? 500,
    detail: error.message,
    code: error.code,
    remedy: row.remedy,
    ...(traceId === undefined ? {} : { trace_id: traceId }),
    ...(error.fields.length > 0 ? { errors: error.fields } : {}),
  };
}
