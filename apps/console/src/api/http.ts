import "./without-eval.ts";
import { z } from "zod";

/** An answer that is not the one asked for, in the server's own words where it has any. */
export class ApiError extends Error {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly code: string | undefined;
  readonly remedy: string | undefined;

  constructor(
    status: number,
    message: string,
    more: { code?: string | undefined; remedy?: string | undefined } = {},
  ) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = more.code;
    this.remedy = more.remedy;
  }
}

/** A desk or a model may take its time. */
const changeTimeoutMs = 90_000;

/** RFC 9457 problem details, or what Jaeger's API v3 answers; nothing of it is certain. */
const problem = z.object({
  detail: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  remedy: z.string().optional().catch(undefined),
  error: z.object({ message: z.string() }).optional().catch(undefined),
});
/** What a path answers, held against its schema. Throws ApiError. */
export function get<T>(schema: z.ZodType<T>, path: string, signal: AbortSignal): Promise<T> {
  return ask(schema, path, { signal });
}

/** Changes something: as JSON, which no page of another origin can send. Throws ApiError. */
export async function change<T>(
  schema: z.ZodType<T>,
  method: "POST" | "DELETE",
  path: string,
  body: object = {},
): Promise<T> {
  const signal = AbortSignal.timeout(changeTimeoutMs);
  const { csrfToken } = await whoAmI(signal);
  const headers = {
    "content-type": "application/json",
    ...(csrfToken === null ? {} : { "x-csrf-token": csrfToken }),
  };
  return ask(schema, path, { method, signal, headers, body: JSON.stringify(body) });
}

const me = z.object({
  /** Whether somebody must be logged in. */
  required: z.boolean(),
  user: z
    .object({
      name: z.string(),
      role: z.enum(["viewer", "operator", "admin"]),
      tenant: z.string().nullable(),
      /** `header`: a proxy logs people in and out. */
      way: z.enum(["password", "oidc", "header"]),
    })
    .nullable()
    .catch(null),
  /** Of the session: goes with each change. */
  csrfToken: z.string().nullable(),
});

/** Who is logged in, where people log in. */
export function whoAmI(signal: AbortSignal): Promise<z.infer<typeof me>> {
  return get(me, "/auth/me", signal);
}

async function ask<T>(schema: z.ZodType<T>, path: string, init: RequestInit): Promise<T> {
  const response = await fetchAnswer(path, "application/json", init);
  const parsed = schema.safeParse(parseJson(await reached(() => response.text())));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unreadable(
      `${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "unreadable"}`,
      response.status,
    );
  }
  return parsed.data;
}

/** The answer, where it is the one that was asked for; its body has not been read. Throws ApiError. */
export async function fetchAnswer(path: string, accept: string, init: RequestInit): Promise<Response> {
  const headers = { accept, ...(init.headers as Record<string, string> | undefined) };
  const response = await reached(() => fetch(path, { ...init, headers }));
  if (response.ok) return response;
  if (response.status === 401) await leadToLogin();
  const { detail, title, code, remedy, error } =
    problem.safeParse(parseJson(await reached(() => response.text()))).data ?? {};
  const message = detail ?? error?.message ?? title ?? `The backend answered ${response.status}.`;
  throw new ApiError(response.status, message, { code, remedy });
}

/** Where people log in and nobody is any more: the session ended while the page was open. */
async function leadToLogin(): Promise<void> {
  const { required, user } = await whoAmI(AbortSignal.timeout(changeTimeoutMs));
  if (!required || user !== null) return;
  location.assign(`/auth/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** For an answer that came but cannot be understood. */
export function unreadable(why: string, status = 200): ApiError {
  return new ApiError(status, `The backend's answer is not one that this console knows (${why}).`, {
    remedy: "Reload the page: console and backend may be of different versions.",
  });
}

async function reached<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError(0, "The trace backend does not answer.", {
      remedy: "Check that it still runs and that this machine reaches it, then try again.",
    });
  }
}

/** Undefined where it is no JSON, as a proxy's error page is not: the schema then says so. */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
