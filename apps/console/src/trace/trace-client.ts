import { ApiError } from "../api/http.ts";
import { type EarlyWorker, startWorker, takeEarly } from "./early-worker.ts";
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
    // The address's own trace is being read before the page that asks for it is there.
    const early =
      name === "open" && this.worker === undefined
        ? takeEarly((ask as { traceId: string }).traceId)
        : undefined;
    const id = early?.id ?? this.nextId++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      signal?.addEventListener("abort", () => {
        this.tell({ cancel: id });
        this.waiting.delete(id);
        reject(new DOMException("not wanted any more", "AbortError"));
      });
      if (early === undefined) this.tell({ id, name, ask } as ToWorker);
      else this.takeOver(early);
    });
  }

  /** What is asked later begins anew. */
  end(): void {
    this.worker?.terminate();
    this.worker = undefined;
    this.waiting.clear();
  }

  private tell(message: ToWorker): void {
    this.worker ??= this.heard(startWorker());
    this.worker.postMessage(message, []);
  }

  private takeOver({ worker, answer }: EarlyWorker): void {
    this.worker = this.heard(worker);
    // What came before it was heard.
    answer.then(
      (message) => this.hear(message),
      () => this.fail(),
    );
  }

  private heard(worker: Worker): Worker {
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.hear(data));
    // Not fetched, as after an upgrade of the backend, or out of memory.
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.fail();
    });
    return worker;
  }

  private fail(): void {
    const failure = new ApiError(0, "The part of the console that reads traces could not run.", {
      remedy: "Reload the page.",
    });
    for (const { reject } of this.waiting.values()) reject(failure);
    this.waiting.clear();
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
