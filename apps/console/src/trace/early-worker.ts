import type { FromWorker, ToWorker } from "./worker/messages.ts";

/** A worker that was started, and asked for a trace, before the page that shows it was there. */
export interface EarlyWorker {
  worker: Worker;
  /** Number of its only call so far: `open`. */
  id: number;
  /** What it answers that call. */
  answer: Promise<FromWorker>;
}

const id = 0;
let early: ({ traceId: string } & EarlyWorker) | undefined;

export function openEarly(traceId: string): void {
  const worker = startWorker();
  const answer = new Promise<FromWorker>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => resolve(data), { once: true });
    worker.addEventListener("error", () => reject(new Error("The worker did not start.")), { once: true });
  });
  // Whoever takes it over is told.
  answer.catch(() => undefined);
  early = { traceId, worker, id, answer };
  worker.postMessage({ id, name: "open", ask: { traceId } } satisfies ToWorker, []);
}

/** The worker that reads a trace already; once. */
export function takeEarly(traceId: string): EarlyWorker | undefined {
  const taken = early;
  early = undefined;
  if (taken?.traceId === traceId) return taken;
  taken?.worker.terminate();
  return undefined;
}

export function startWorker(): Worker {
  return new Worker(new URL("./worker/trace-worker.ts", import.meta.url), { type: "module" });
}
