import { ModelError } from "./model-error.ts";

/** A note is a few kB; a server that sends without end is cut off here. */
const answerLimitBytes = 1024 * 1024;

export interface BoundedFetch {
  fetch: typeof fetch;
  /** HTTP status of the latest answer; undefined while there is none. */
  lastStatus(): number | undefined;
}

/**
 * The SDK's way to the wire for one ticket: no redirect takes the key or the ticket elsewhere, an answer has an end, and a
 * server that wants to be asked again only after `deadlineMs` (epoch) is not waited for.
 */
export function boundedFetch(deadlineMs: number): BoundedFetch {
  let status: number | undefined;
  return {
    lastStatus: () => status,
    fetch: async (input, init) => {
      status = undefined;
      const response = await fetch(input, { ...init, redirect: "manual" });
      status = response.status;
      const headers = new Headers(response.headers);
      const waitMs = retryAfterMs(headers);
      if (waitMs !== undefined && Date.now() + waitMs >= deadlineMs) headers.set("x-should-retry", "false");
      const { statusText } = response;
      return new Response(response.body?.pipeThrough(limiter()) ?? null, { status, statusText, headers });
    },
  };
}

function limiter(): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      size += chunk.length;
      if (size <= answerLimitBytes) controller.enqueue(chunk);
      else controller.error(new ModelError(`The model server's answer is over ${answerLimitBytes} bytes.`));
    },
  });
}

/** Retry-After as seconds or as a date (RFC 9110, section 10.2.3). */
function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get("retry-after");
  if (value === null) return undefined;
  const ms = /^\d+(?:\.\d+)?$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
