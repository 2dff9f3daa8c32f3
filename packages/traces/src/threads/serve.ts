import { ThroughlineError } from "@throughline/api/errors";
import { type MessagePort, parentPort } from "node:worker_threads";
import type { StoreLog } from "../store/log.ts";
import { type FromThread, Outbox, type Together, type ToThread } from "./thread-client.ts";

/** A thread's side: answers calls, hears notices. */
export interface ThreadPort<Event> {
  event(event: Event): void;
  log: StoreLog;
}

export interface Answer {
  value: unknown;
  transfer?: ArrayBuffer[];
}

/** What a thread does. */
export interface ThreadWork<Call, Notice> {
  /** Resolves with what goes back. */
  answer(call: Call): Promise<Answer>;
  hear?(notice: Notice): void;
}

/** Serves the thread that this module was started in. */
export function serveThread<Call, Notice, Event>(
  start: (port: ThreadPort<Event>) => ThreadWork<Call, Notice>,
): void {
  if (parentPort === null) throw new Error("this file runs only as a worker thread");
  const port: MessagePort = parentPort;
  const outbox = new Outbox<FromThread<Event>>((messages, transfer) => port.postMessage(messages, transfer));
  const send = (message: FromThread<Event>, transfer?: ArrayBuffer[]): void => outbox.send(message, transfer);
  const at =
    (level: "info" | "warn" | "error"): StoreLog["info"] =>
    (fields, message) =>
      send({ kind: "log", level, fields, message });
  const log = { info: at("info"), warn: at("warn"), error: at("error") };
  const work = start({ event: (event) => send({ kind: "event", event }), log });
  const take = (message: ToThread<Call, Notice>): void => {
    if (message.kind === "notice") {
      work.hear?.(message.notice);
      return;
    }
    work.answer(message.call).then(
      ({ value, transfer }) => send({ kind: "answer", id: message.id, value }, transfer),
      (error: unknown) => {
        const { code, message: text } = asThroughlineError(error);
        send({ kind: "failure", id: message.id, code, message: text });
      },
    );
  };
  port.on("message", (messages: Together<ToThread<Call, Notice>>) => {
    for (const message of messages) take(message);
  });
}

/** Errors lose their class between threads; what has no code of its own is an internal error. */
function asThroughlineError(error: unknown): ThroughlineError {
  if (error instanceof ThroughlineError) return error;
  return new ThroughlineError(
    "TL_INTERNAL",
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  );
}
