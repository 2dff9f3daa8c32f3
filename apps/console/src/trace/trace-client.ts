import { ApiError } from "../api/http.ts";
import type { CallName, Calls, FromWorker, ToWorker } from "./worker/messages.ts";

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** The page's side of a worker that holds one trace. */
export class TraceClient {
  /** Another one for each worker: what one has read, another has not. */
  readonly number = performance.now();
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;

  ask<Name extends CallName>(
    name: Name,
    ask: Calls[Name]["ask"],
    signal?: AbortSignal,
  ): Promise<Calls[Name]["answer"]> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      signal?.addEventListener("abort", () => {
        this.tell({ cancel: id });
        this.waiting.delete(id);
        reject(new DOMException("not wanted any more", "AbortError"));
      });
      this.tell({ id, name, ask } as ToWorker);
    });
  }

  /** What is asked later begins anew. */
  end(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.waiting.clear();
  }

  private tell(message: ToWorker): void {
    this.worker ??= this.start();
    this.worker.postMessage(message, []);
  }

  private start(): Worker {
    const worker = new Worker(new URL("./worker/trace-worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.hear(data));
    // Not fetched, as after an upgrade of the backend, or out of memory.
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      const failure = new ApiError(0, "The part of the console that reads traces could not run.", {
        remedy: "Reload the page.",
      });
      for (const { reject } of this.waiting.values()) reject(failure);
      this.waiting.clear();
    });
    return worker;
  }

  private hear(message: FromWorker): void {
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ("value" in message) waiting?.resolve(message.value);
    else {
      const { status, message: text, code, remedy, isAbort } = message.failure;
      waiting?.reject(
        isAbort === true
          ? new DOMException(text, "AbortError")
          : new ApiError(status, text, { code, remedy }),
      );
    }
  }
}
