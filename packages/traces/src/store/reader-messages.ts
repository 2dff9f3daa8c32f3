import type { SpanReader } from "../query/reader.ts";

/** A call of a SpanReader from another thread: method, arguments, and its answer. */
export type ReadCall = {
  [Method in keyof SpanReader]: { method: Method; args: Parameters<SpanReader[Method]> };
}[keyof SpanReader];

/** Answers a call on this thread's reader. */
export function answerRead(reader: SpanReader, call: ReadCall): Promise<unknown> {
  switch (call.method) {
    case "traces":
      return reader.traces(...call.args);
    case "search":
      return reader.search(...call.args);
    case "services":
      return reader.services();
    case "operations":
      return reader.operations(...call.args);
  }
}

/** A SpanReader whose calls travel through `send`. */
export function remoteReader(send: (call: ReadCall) => Promise<unknown>): SpanReader {
  return {
    traces: (...args) => send({ method: "traces", args }) as ReturnType<SpanReader["traces"]>,
    search: (...args) => send({ method: "search", args }) as ReturnType<SpanReader["search"]>,
    services: () => send({ method: "services", args: [] }) as ReturnType<SpanReader["services"]>,
    operations: (...args) => send({ method: "operations", args }) as ReturnType<SpanReader["operations"]>,
  };
}
