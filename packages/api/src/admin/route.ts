import type { z } from "zod";
import { type ErrorCode, type FieldError, ThroughlineError } from "../errors.ts";

/** Whom an admin token stands for. */
export interface AdminPrincipal {
  /** Of the token; empty for the one in `run/<role>.json`. */
  id: string;
  name: string;
  /** The only tenant that it may see and change; undefined: all of them. */
  tenant: string | undefined;
}

/** `read` looks, `write` runs the queue and decides on drafts, `admin` does that and manages tenants. */
export type AdminScope = "read" | "write" | "admin";

interface AdminRouteText {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below `/admin/api`, parameters in braces: `/tenants/{tenant}`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  scope: AdminScope;
  /**
   * What a token that is bound to a tenant reaches. `path`: the route whose `{tenant}` is its own; `own`: the handler keeps to
   * `principal.tenant`; `all`: nothing, it is refused.
   */
  reach: "path" | "own" | "all";
  /** Of the handler; what every route answers (token, parameters) is understood. */
  errors?: readonly ErrorCode[];
}

interface AdminCall<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  principal: AdminPrincipal;
  /** The entity tag in `If-Match`, without its quotes. */
  ifMatch: string | undefined;
}

interface AdminAnswer<R> {
  body: R;
  /** Sent as `ETag`, in quotes. */
  etag?: string;
}

/** One operation of the admin API: its mount checks the token, the schemas check what comes in and goes out. */
export interface AdminRoute extends AdminRouteText {
  status: 200 | 201;
  params: z.ZodObject | undefined;
  query: z.ZodObject | undefined;
  body: z.ZodType | undefined;
  response: z.ZodType;
  /** Throws TL_PARAMETER_INVALID and what the handler throws. The answer has the fields of `response` and no others. */
  run(call: AdminCall<unknown, unknown, unknown>): Promise<AdminAnswer<unknown>>;
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : undefined;

export function adminRoute<
  R extends z.ZodType,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(
  route: AdminRouteText & {
    status?: 201;
    params?: P;
    query?: Q;
    body?: B;
    /** The code of a body that does not fit; TL_PARAMETER_INVALID otherwise. */
    bodyError?: ErrorCode;
    response: R;
    handle: (call: AdminCall<Parsed<P>, Parsed<Q>, Parsed<B>>) => Promise<AdminAnswer<z.input<R>>>;
  },
): AdminRoute {
  const { params, query, body, response, bodyError = "TL_PARAMETER_INVALID", handle, ...text } = route;
  return {
    ...text,
    status: route.status ?? 200,
    params,
    query,
    body,
    response,
    run: async (call) => {
      const answer = await handle({
        ...call,
        params: parse(params as P, call.params, "TL_PARAMETER_INVALID"),
        query: parse(query as Q, call.query, "TL_PARAMETER_INVALID"),
        body: parse(body as B, call.body ?? {}, bodyError),
      });
      return { ...answer, body: response.parse(answer.body) };
    },
  };
}

function parse<S extends z.ZodType | undefined>(schema: S, input: unknown, code: ErrorCode): Parsed<S> {
  if (schema === undefined) return undefined as Parsed<S>;
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data as Parsed<S>;
  const fields = parsed.error.issues.flatMap(fieldErrors);
  const text = fields.map(({ field, message }) => `${field}: ${message}`).join("; ");
  throw new ThroughlineError(code, text, { fields });
}

/** Which fields of an input are wrong, without their values. */
export function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.join(".");
  if (issue.code !== "unrecognized_keys") return [{ field: path || "(body)", message: issue.message }];
  return issue.keys.map((key) => {
    // The name of an unknown field is the sender's text.
    const name = /^[\w.-]{1,64}$/.test(key) ? key : "(unnamed)";
    return { field: path === "" ? name : `${path}.${name}`, message: "is not known" };
  });
}
