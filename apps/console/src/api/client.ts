import { traceSearchAnswer, traceView } from "@throughline/api";
import { z } from "zod";

/** An answer that is not a success, in the server's own words. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly remedy: string | undefined;

  constructor(status: number, message: string, code?: string, remedy?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }
}

const problem = z.object({
  detail: z.string().optional(),
  title: z.string().optional(),
  code: z.string().optional(),
  remedy: z.string().optional(),
});
const services = z.object({ services: z.array(z.string()) });
const operations = z.object({
  operations: z.array(z.object({ name: z.string(), spanKind: z.string().optional() })),
});

async function get<T>(schema: z.ZodType<T>, path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal, headers: { accept: "application/json" } }).catch(
    (error: unknown) => {
      if (signal.aborted) throw error;
      throw new ApiError(
        0,
        "The trace backend does not answer.",
        undefined,
        "Check that it runs, then try again.",
      );
    },
  );
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const { detail, title, code, remedy } = problem.safeParse(body).data ?? {};
    throw new ApiError(
      response.status,
      detail ?? title ?? `The backend answered ${response.status}.`,
      code,
      remedy,
    );
  }
  return schema.parse(body);
}

export function searchTraces(parameters: URLSearchParams, signal: AbortSignal) {
  return get(traceSearchAnswer, `/api/throughline/traces?${parameters.toString()}`, signal);
}

export function readTrace(traceId: string, signal: AbortSignal) {
  return get(traceView, `/api/throughline/traces/${encodeURIComponent(traceId)}`, signal);
}

export async function readServices(signal: AbortSignal): Promise<string[]> {
  return (await get(services, "/api/v3/services", signal)).services;
}

/** Distinct names: an operation may come in several kinds. */
export async function readOperations(service: string, signal: AbortSignal): Promise<string[]> {
  const answer = await get(
    operations,
    `/api/v3/operations?${new URLSearchParams({ service }).toString()}`,
    signal,
  );
  return [...new Set(answer.operations.map(({ name }) => name))];
}
