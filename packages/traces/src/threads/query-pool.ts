import type { Logger } from "pino";
import type { ReadOptions, SearchAnswer, SpanReader, TraceText } from "../query/reader.ts";
import type { StoreView } from "../store/search/segment-set.ts";
import type {
  PackedAnswer,
  QueryCall,
  QueryEvent,
  QueryNotice,
  QueryThreadConfig,
  ReadCall,
} from "./messages.ts";
import { unpack } from "./span-transfer.ts";
import { ThreadClient } from "./thread-client.ts";

/** A long query in one leaves the other to the short ones. */
const threadsAtMost = 2;
/** Queries that may find many spans, which are in memory until they are answered. */
const largeAtOnce = 8;

const largeReads: ReadonlySet<ReadCall["method"]> = new Set(["traces", "search", "texts", "columns"]);

interface QueryThread {
  client: ThreadClient<QueryCall, QueryNotice, QueryEvent>;
  seen: number;
}

export interface QueryEvents {
  /** Some thread reads nothing older than another version now. */
  seen(): void;
  failed(block: number, isDamage: boolean, reason: string): void;
}

/** Query threads, started when they are needed; one that died is replaced. */
export class QueryPool {
  /** Of the view that was told last. */
  version = 0;
  readonly reader: SpanReader;
  private readonly config: QueryThreadConfig;
  private readonly logger: Logger;
  private readonly events: QueryEvents;
  private readonly threads = new Set<QueryThread>();
  private view: StoreView = { blocks: [], heads: [] };
  private nextNumber = 1;
  private underWay = 0;
  private readonly waiting: (() => void)[] = [];
  private isStopped = false;

  constructor(config: QueryThreadConfig, logger: Logger, events: QueryEvents) {
    this.config = config;
    this.logger = logger;
    this.events = events;
    this.reader = this.readerOf(undefined);
  }

  /** Answers with what a tenant may see; undefined: with everything. */
  readerOf(tenant: string | undefined): SpanReader {
    const read = (call: ReadCall, options?: ReadOptions) => this.read(call, tenant, options);
    return {
      traces: async (traceIds, options) =>
        decoded(await read({ method: "traces", args: [traceIds] }, options)).traces,
      search: async (query, options) => decoded(await read({ method: "search", args: [query] }, options)),
      services: (options) =>
        read({ method: "services", args: [] }, options) as ReturnType<SpanReader["services"]>,
      operations: (service, options) =>
        read({ method: "operations", args: [service] }, options) as ReturnType<SpanReader["operations"]>,
      attributeKeys: (window, options) =>
        read({ method: "attributeKeys", args: [window] }, options) as ReturnType<SpanReader["attributeKeys"]>,
      attributeValues: (key, window, options) =>
        read({ method: "attributeValues", args: [key, window] }, options) as ReturnType<
          SpanReader["attributeValues"]
        >,
      red: (query, options) =>
        read({ method: "red", args: [query] }, options) as ReturnType<SpanReader["red"]>,
      metrics: (query, options) =>
        read({ method: "metrics", args: [query] }, options) as ReturnType<SpanReader["metrics"]>,
      texts: (query, options) => read({ method: "texts", args: [query] }, options) as Promise<TraceText[]>,
      columns: (traceId, part, options) =>
        read({ method: "columns", args: [traceId, part] }, options) as ReturnType<SpanReader["columns"]>,
      edges: (window, options) =>
        read({ method: "edges", args: [window] }, options) as ReturnType<SpanReader["edges"]>,
    };
  }

  update(view: StoreView): void {
    this.view = view;
    this.version++;
    for (const { client } of this.threads) client.tell({ view, version: this.version });
  }

  /** The oldest version that some query may still read. */
  seen(): number {
    return Math.min(this.version, ...Array.from(this.threads, ({ seen }) => seen));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    await Promise.all(Array.from(this.threads, ({ client }) => client.stop(undefined, 0)));
  }

  private async read(
    read: ReadCall,
    tenant: string | undefined,
    options: ReadOptions | undefined,
  ): Promise<unknown> {
    const isLarge = largeReads.has(read.method);
    if (isLarge) await this.turn();
    try {
      return await this.ask(read, tenant, options);
    } finally {
      if (isLarge) this.nextTurn();
    }
  }

  /** Resolves when another query that may find many spans can begin. */
  private async turn(): Promise<void> {
    if (this.underWay < largeAtOnce) this.underWay++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private nextTurn(): void {
    const next = this.waiting.shift();
    if (next === undefined) this.underWay--;
    else next();
  }

  private async ask(
    read: ReadCall,
    tenant: string | undefined,
    options: ReadOptions | undefined,
  ): Promise<unknown> {
    // Who has gone in the meantime asks for nothing more.
    options?.signal?.throwIfAborted();
    const { client } = this.thread();
    const number = this.nextNumber++;
    const cancel = (): void => client.tell({ cancel: number });
    options?.signal?.addEventListener("abort", cancel, { once: true });
    try {
      const answer = await client.ask({ read, number, tenant });
      options?.signal?.throwIfAborted();
      return answer;
    } finally {
      options?.signal?.removeEventListener("abort", cancel);
    }
  }

  /** The one with the least to do; another one while all are busy. */
  private thread(): QueryThread {
    const [least] = [...this.threads].sort((a, b) => a.client.underWay - b.client.underWay);
    if (least !== undefined && (least.client.underWay === 0 || this.threads.size >= threadsAtMost))
      return least;
    return this.start();
  }

  private start(): QueryThread {
    const thread: QueryThread = {
      seen: this.version,
      client: new ThreadClient({
        name: "query",
        program: new URL("./query-thread.ts", import.meta.url),
        data: this.config,
        logger: this.logger,
        onEvent: (event) => {
          if ("failed" in event) this.events.failed(event.failed, event.isDamage, event.reason);
          else {
            thread.seen = event.seen;
            this.events.seen();
          }
        },
        onEnd: () => {
          this.threads.delete(thread);
          if (!this.isStopped) this.events.seen();
        },
      }),
    };
    this.threads.add(thread);
    thread.client.tell({ view: this.view, version: this.version });
    return thread;
  }
}

function decoded(value: unknown): SearchAnswer {
  const { spans, next } = value as PackedAnswer;
  return { traces: unpack(spans), next };
}
