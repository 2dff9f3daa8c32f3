import { type ErrorCode, ThroughlineError } from "@throughline/api/errors";
import { Worker } from "node:worker_threads";
import type { Logger } from "pino";

/** Messages of one turn of the event loop travel together: waking a thread costs more than what most of them say. */
export type Together<Message> = readonly Message[];

/** From the main thread: a call that gets one answer with its `id`, or a notice that gets none. */
export type ToThread<Call, Notice> =
  | { kind: "call"; id: number; call: Call }
  | { kind: "notice"; notice: Notice };

/** To the main thread. */
export type FromThread<Event> =
  | { kind: "answer"; id: number; value: unknown }
  | { kind: "failure"; id: number; code: ErrorCode; message: string }
  | { kind: "event"; event: Event }
  | { kind: "log"; level: "info" | "warn" | "error"; fields: object; message: string };

interface Pending {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** The main thread's side of a thread of the store. */
export class ThreadClient<Call, Notice, Event> {
  private readonly worker: Worker;
  private readonly outbox: Outbox<ToThread<Call, Notice>>;
  private readonly name: string;
  private readonly logger: Logger;
  private readonly onEvent: (event: Event) => void;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;
  private ended: string | undefined;
  private isStopping = false;

  constructor(parts: {
    name: string;
    program: URL;
    data: unknown;
    logger: Logger;
    onEvent: (event: Event) => void;
    onEnd?: () => void;
  }) {
    ({ name: this.name, logger: this.logger, onEvent: this.onEvent } = parts);
    this.worker = new Worker(parts.program, { name: `throughline-${this.name}`, workerData: parts.data });
    this.outbox = new Outbox((messages, transfer) => this.worker.postMessage(messages, transfer));
    this.worker.on("message", (messages: Together<FromThread<Event>>) => {
      for (const message of messages) this.take(message);
    });
    this.worker.on("error", (error: Error) =>
      this.end(`the ${this.name} thread failed: ${error.message}`, error),
    );
    this.worker.on("exit", () => {
      this.end(`the ${this.name} thread has ended`);
      parts.onEnd?.();
    });
  }

  get isRunning(): boolean {
    return this.ended === undefined;
  }

  get underWay(): number {
    return this.pending.size;
  }

  /** Throws the thread's ThroughlineError, or TL_TRACE_BACKEND_FAILED when it has ended. */
  ask(call: Call, transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.ended !== undefined)
      return Promise.reject(new ThroughlineError("TL_TRACE_BACKEND_FAILED", this.ended));
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.outbox.send({ kind: "call", id, call }, transfer);
    });
  }

  tell(notice: Notice): void {
    this.outbox.send({ kind: "notice", notice });
  }

  /** Asks the last call and ends the thread after it, or after `limitMs`. */
  async stop(last: Call | undefined, limitMs: number): Promise<void> {
    if (this.ended !== undefined) return;
    this.isStopping = true;
    try {
      if (last !== undefined) await within(limitMs, this.ask(last));
    } finally {
      await this.worker.terminate();
    }
  }

  private take(message: FromThread<Event>): void {
    switch (message.kind) {
      case "answer":
        this.settle(message.id, ({ resolve }) => resolve(message.value));
        break;
      case "failure":
        this.settle(message.id, ({ reject }) => reject(this.error(message.code, message.message)));
        break;
      case "event":
        this.onEvent(message.event);
        break;
      case "log":
        this.logger[message.level](message.fields, message.message);
        break;
    }
  }

  /** What went wrong inside is for the log; the asker learns that it was not its fault. */
  private error(code: ErrorCode, message: string): ThroughlineError {
    if (code !== "TL_INTERNAL") return new ThroughlineError(code, message);
    this.logger.error({ detail: message }, `the ${this.name} thread failed on a request`);
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
    if (!this.isStopping || error !== undefined) this.logger.error({ err: error }, why);
    for (const { reject } of this.pending.values())
      reject(new ThroughlineError("TL_TRACE_BACKEND_FAILED", why));
    this.pending.clear();
  }
}

/** Collects messages until the end of the turn. */
export class Outbox<Message> {
  private messages: Message[] = [];
  private transfer: ArrayBuffer[] = [];
  private readonly post: (messages: Together<Message>, transfer: ArrayBuffer[]) => void;

  constructor(post: (messages: Together<Message>, transfer: ArrayBuffer[]) => void) {
    this.post = post;
  }

  send(message: Message, transfer: readonly ArrayBuffer[] = []): void {
    if (this.messages.length === 0) setImmediate(() => this.flush());
    this.messages.push(message);
    this.transfer.push(...transfer);
  }

  flush(): void {
    const { messages, transfer } = this;
    this.messages = [];
    this.transfer = [];
    if (messages.length > 0) this.post(messages, transfer);
  }
}

/** Rejects when `promise` takes longer. */
export async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
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
