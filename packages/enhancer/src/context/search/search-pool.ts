import { Worker } from "node:worker_threads";
import type { ContextPart } from "../../ticket.ts";
import type {
  LabelRules,
  SearchAnswer,
  SearchedDatabase,
  SearchedTicket,
  SearchRequest,
} from "./requests.ts";

/** Threads at most, and requests that one of them has at once: SQLite's calls hold their thread. */
const threadsAtMost = 2;
const requestsAtOnce = { sqlite: 1, postgres: 4 };
/** A thread that does not notice within this time that a search is over is ended and made anew. */
const noticeMs = 2_000;
const slots = 4_096;

/** A search that failed in its thread. */
export class SearchFailed extends Error {
  override readonly name: string;
  readonly code: string | undefined;

  constructor({ message, name, code }: { message: string; name: string; code: string | undefined }) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

interface Pending {
  request: SearchRequest;
  resolve: (answer: SearchAnswer) => void;
  reject: (error: Error) => void;
}

interface Thread {
  worker: Worker;
  pending: Map<number, Pending>;
}

/** Threads that search; made when they are first needed. They keep no process alive. */
export class SearchPool {
  private readonly database: SearchedDatabase;
  private readonly stopped = new Int32Array(new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT));
  private readonly threads: Thread[] = [];
  private readonly waiting: Pending[] = [];
  private nextId = 1;
  private isClosed = false;

  constructor(database: SearchedDatabase) {
    this.database = database;
  }

  /** Rejects with the signal's reason when it fires; the search is then given up. */
  search(
    part: ContextPart,
    ticket: SearchedTicket,
    rules: LabelRules,
    options: { signal: AbortSignal; deadline: number },
  ): Promise<SearchAnswer> {
    const { signal, deadline } = options;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(reasonOf(signal));
      // Ids stay within 31 bits, and a slot is never asked for two requests at once.
      const id = this.nextId++ % 0x7fffffff;
      const giveUp = () => {
        reject(reasonOf(signal));
        this.giveUp(id);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const ended = () => signal.removeEventListener("abort", giveUp);
      this.waiting.push({
        request: { id, part, ticket, rules, deadline },
        resolve: (answer) => {
          ended();
          resolve(answer);
        },
        reject: (error) => {
          ended();
          reject(error);
        },
      });
      this.assign();
    });
  }

  /** Starts a thread before the first search asks for one. */
  warm(): void {
    if (!this.isClosed && this.threads.length === 0) this.startThread();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { reject } of this.waiting.splice(0)) reject(new Error("The search was ended."));
    await Promise.all(
      this.threads.splice(0).map((thread) => this.endThread(thread, "The search was ended.")),
    );
  }

  private assign(): void {
    while (this.waiting.length > 0 && !this.isClosed) {
      const thread = this.freeThread();
      if (thread === undefined) return;
      const pending = this.waiting.shift();
      if (pending === undefined) return;
      thread.pending.set(pending.request.id, pending);
      thread.worker.postMessage(pending.request, []);
    }
  }

  private freeThread(): Thread | undefined {
    const room = requestsAtOnce["file" in this.database ? "sqlite" : "postgres"];
    const idlest = this.threads.toSorted((a, b) => a.pending.size - b.pending.size)[0];
    if (idlest !== undefined && idlest.pending.size === 0) return idlest;
    if (this.threads.length < threadsAtMost) return this.startThread();
    return idlest !== undefined && idlest.pending.size < room ? idlest : undefined;
  }

  private startThread(): Thread {
    const worker = new Worker(new URL("./search-thread.ts", import.meta.url), {
      workerData: { database: this.database, stopped: this.stopped },
    });
    worker.unref();
    const thread: Thread = { worker, pending: new Map() };
    worker.on("message", (answer: SearchAnswer) => {
      const pending = thread.pending.get(answer.id);
      thread.pending.delete(answer.id);
      pending?.resolve(answer);
      this.assign();
    });
    worker.on("error", (error) => void this.replace(thread, `The search thread failed: ${String(error)}`));
    worker.on("exit", () => void this.replace(thread, "The search thread ended."));
    this.threads.push(thread);
    return thread;
  }

  /** Nobody waits any more: the thread is told by shared memory, as it may not come round to messages. */
  private giveUp(id: number): void {
    const at = this.waiting.findIndex(({ request }) => request.id === id);
    if (at >= 0) return void this.waiting.splice(at, 1);
    const thread = this.threads.find(({ pending }) => pending.has(id));
    if (thread === undefined) return;
    Atomics.store(this.stopped, id % slots, id);
    setTimeout(() => {
      if (thread.pending.has(id)) void this.replace(thread, "The search thread hung.");
    }, noticeMs).unref();
  }

  private async replace(thread: Thread, why: string): Promise<void> {
    const at = this.threads.indexOf(thread);
    if (at < 0) return;
    this.threads.splice(at, 1);
    await this.endThread(thread, why);
    this.assign();
  }

  private async endThread(thread: Thread, why: string): Promise<void> {
    const pending = [...thread.pending.values()];
    thread.pending.clear();
    await thread.worker.terminate();
    for (const { reject } of pending) reject(new Error(why));
  }
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}
