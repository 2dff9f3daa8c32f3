import { z } from "zod";

const tag = z.object({ key: z.string(), value: z.unknown() });
const span = z.object({
  spanID: z.string(),
  operationName: z.string(),
  /** Microseconds since the epoch. */
  startTime: z.number(),
  /** Microseconds. */
  duration: z.number(),
  references: z
    .array(z.object({ refType: z.string(), spanID: z.string() }))
    .nullish()
    .transform((references) => references ?? []),
  tags: z
    .array(tag)
    .nullish()
    .transform((tags) => tags ?? []),
  logs: z
    .array(z.object({ fields: z.array(tag) }))
    .nullish()
    .transform((logs) => logs ?? []),
});
/** A span as Jaeger's HTTP API gives it. */
export type JaegerSpan = z.infer<typeof span>;

const answer = z.object({ data: z.array(z.object({ spans: z.array(span) })).nullable() });

export interface FetchedTrace {
  spans: JaegerSpan[];
  /** As it came: nothing that a search may look for is missing. */
  text: string;
}

/** One trace of a backend with Jaeger's HTTP API; undefined where it has none of this id (yet). Throws an Error in words for people. */
export async function fetchTrace(
  baseUrl: string,
  traceId: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<FetchedTrace | undefined> {
  const url = `${baseUrl.replace(/\/+$/, "")}/api/traces/${traceId}`;
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, signal }).catch((cause: unknown) => {
    throw new Error(`${baseUrl} does not answer (${reasonOf(cause)})`, { cause });
  });
  const text = await response.text();
  if (response.status === 404 && /"errors?"/.test(text)) return undefined;
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const parsed = answer.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error(`${url} does not answer as Jaeger's HTTP API does`);
  const spans = parsed.data.data?.[0]?.spans ?? [];
  return spans.length === 0 ? undefined : { spans, text };
}

export function tagOf(span: JaegerSpan, key: string): unknown {
  return span.tags.find((one) => one.key === key)?.value;
}

/** What a failed `fetch` really failed at. */
export function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: { code?: string; message?: string } };
  if (name === "TimeoutError" || name === "AbortError") return "no answer in time";
  return cause?.code ?? cause?.message ?? message;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
