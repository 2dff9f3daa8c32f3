import "./without-eval.ts";
import { traceSearchAnswer, type TraceSummary, traceView, type TraceView } from "@throughline/api";
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

/** RFC 9457 problem details, or what Jaeger's API v3 answers; nothing of it is certain. */
const problem = z.object({
  detail: z.string().optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  code: z.string().optional().catch(undefined),
  remedy: z.string().optional().catch(undefined),
  error: z.object({ message: z.string() }).optional().catch(undefined),
});
const services = z.object({ services: z.array(z.string()) });
const operations = z.object({ operations: z.array(z.object({ name: z.string() })) });

export async function searchTraces(
  parameters: URLSearchParams,
  signal: AbortSignal,
): Promise<TraceSummary[]> {
  return (await get(traceSearchAnswer, `/api/throughline/traces?${parameters.toString()}`, signal)).traces;
}

export function readTrace(traceId: string, signal: AbortSignal): Promise<TraceView> {
  return get(traceView, `/api/throughline/traces/${encodeURIComponent(traceId)}`, signal);
}

export async function readServices(signal: AbortSignal): Promise<string[]> {
  return (await get(services, "/api/v3/services", signal)).services.sort();
}

/** Distinct names: an operation may come in several kinds. */
export async function readOperations(service: string, signal: AbortSignal): Promise<string[]> {
  const parameters = new URLSearchParams({ service });
  const answer = await get(operations, `/api/v3/operations?${parameters.toString()}`, signal);
  return [...new Set(answer.operations.map(({ name }) => name))].sort();
}

async function get<T>(schema: z.ZodType<T>, path: string, signal: AbortSignal): Promise<T> {
  const { response, body } = await fetchBody(path, signal);
  const json = parseJson(body);
  if (!response.ok) {
    const { detail, title, code, remedy, error } = problem.safeParse(json).data ?? {};
    const message = detail ?? error?.message ?? title ?? `The backend answered ${response.status}.`;
    throw new ApiError(response.status, message, { code, remedy });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ApiError(
      response.status,
      `The backend's answer is not one that this console knows (${issue?.path.join(".") || "the whole"}: ${issue?.message ?? "unreadable"}).`,
      { remedy: "Reload the page: console and backend may be of different versions." },
    );
  }
  return parsed.data;
}

async function fetchBody(path: string, signal: AbortSignal): Promise<{ response: Response; body: string }> {
  try {
    const response = await fetch(path, { signal, headers: { accept: "application/json" } });
    return { response, body: await response.text() };
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
