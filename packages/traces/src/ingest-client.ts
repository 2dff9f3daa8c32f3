import { type ErrorCode, ThroughlineError } from "@throughline/api/errors";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import type { IngestReply, IngestRequest, IngestThreadConfig } from "./ingest-messages.ts";
import type { AppendOutcome, SpanEncoding, SpanSink } from "./receive/sink.ts";
import { type ReadCall, remoteReader } from "./store/reader-messages.ts";
import type { StoreStats } from "./store/store.ts";

/** An unresponsive thread is ended after this long when stopping, and called unhealthy when asked for its health. */
const stopWithinMs = 5_000;
const healthWithinMs = 2_000;

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** The main thread's side of the ingest thread. */
export class IngestClient implements SpanSink {
  /** Reads what is durable. Throws ThroughlineError TL_TRACE_BACKEND_FAILED when the thread has ended. */
  readonly reader = remoteReader((call: ReadCall) => this.ask({ kind: "read", call }));
  stats: StoreStats = { walBytes: 0, spansInMemory: 0 };
  private readonly worker: Worker;
  private readonly logger: Logger;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private ended: string | undefined;
  private stopping = false;

  private constructor(worker: Worker, logger: Logger) {
    this.worker = worker;
    this.logger = logger;
  }

  /** Resolves when the store is open and its log read back. Errors as TraceStore.open. */
  static start(config: IngestThreadConfig, logger: Logger): Promise<IngestClient> {
    const worker = new Worker(new URL("./ingest-thread.ts", import.meta.url), {
      name: "throughline-ingest",
      workerData: config,
    });
    const client = new IngestClient(worker, logger);
    return new Promise((resolve, reject) => {
      worker.on("message", (reply: IngestReply) => {
        if (reply.kind === "ready") resolve(client);
        else if (reply.kind === "failed") {
          client.stopping = true;
          reject(new ThroughlineError(reply.code, reply.message));
        } else client.take(reply);
      });
      worker.on("error", (error: Error) => {
        client.end(`the ingest thread failed: ${error.message}`, error);
        reject(error);
      });
      worker.on("exit", () => client.end("the ingest thread has ended"));
    });
  }

  async append(bytes: Uint8Array<ArrayBuffer>, encoding: SpanEncoding): Promise<AppendOutcome> {
    const outcome = await this.ask({ kind: "append", bytes, encoding }, [bytes.buffer]);
    return outcome as AppendOutcome;
  }

  async health(): Promise<{ ok: boolean; detail: string }> {
    try {
      const answer = await within(healthWithinMs, this.ask({ kind: "health" }));
      const { failure, redactionFailures } = answer as { failure?: string; redactionFailures: number };
      if (failure !== undefined) return { ok: false, detail: failure };
      if (redactionFailures === 0) return { ok: true, detail: "stores and answers" };
      return {
        ok: true,
        detail: `stores and answers; redaction failed on ${redactionFailures} values, dropped`,
      };
    } catch (error) {
      return { ok: false, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Everything appended before is stored and answered first. */
  async stop(): Promise<void> {
    if (this.ended !== undefined) return;
    this.stopping = true;
    const exited = new Promise<void>((resolve) => this.worker.once("exit", () => resolve()));
    try {
      await within(stopWithinMs, this.ask({ kind: "stop" }));
      await within(stopWithinMs, exited);
    } finally {
      await this.worker.terminate();
    }
  }

  private ask(request: WithoutId<IngestRequest>, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.ended !== undefined) {
      return Promise.reject(new ThroughlineError("TL_TRACE_BACKEND_FAILED", this.ended));
    }
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.worker.postMessage({ ...request, id }, transfer);
    });
  }

  private take(reply: IngestReply): void {
    switch (reply.kind) {
      case "reply":
        this.settle(reply.id, ({ resolve }) => resolve(reply.value));
        break;
      case "failure":
        this.settle(reply.id, ({ reject }) => reject(this.error(reply.code, reply.message)));
        break;
      case "stats":
        this.stats = reply.stats;
        break;
      case "log":
        this.logger[reply.level](reply.fields, reply.message);
        break;
      // The store's state, once at the start: see `start`.
      case "ready":
      case "failed":
        break;
    }
  }

  /** What went wrong inside is for the log; the sender learns that it was not its fault. */
  private error(code: ErrorCode, message: string): ThroughlineError {
    if (code !== "TL_INTERNAL") return new ThroughlineError(code, message);
    this.logger.error({ detail: message }, "the ingest thread failed on a request");
    return new ThroughlineError("TL_INTERNAL", "the trace backend failed on this request");
  }

  private settle(id: number, how: (pending: Pending) => void): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    if (pending !== undefined) how(pending);
  }

  private end(why: string, error?: Error): void {
    if (this.ended !== undefined) return;
    this.ended = why;
    if (!this.stopping || error !== undefined) this.logger.error({ err: error }, why);
    for (const { reject } of this.pending.values()) {
      reject(new ThroughlineError("TL_TRACE_BACKEND_FAILED", why));
    }
    this.pending.clear();
  }
}

/** Rejects when `promise` takes longer. */
async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new ThroughlineError("TL_TRACE_BACKEND_FAILED", `no answer within ${limitMs} ms`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
