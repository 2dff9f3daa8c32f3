/** The ingest thread: owns the store, decodes and redacts requests, answers queries. Started by ingest-client.ts. */
import { ThroughlineError } from "@throughline/api/errors";
import { createRedactor, type Redactor } from "@throughline/redaction";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { Ingest } from "./ingest.ts";
import type { IngestReply, IngestRequest, IngestThreadConfig } from "./ingest-messages.ts";
import type { StoreLog } from "./store/log.ts";
import { answerRead } from "./store/reader-messages.ts";
import { TraceStore } from "./store/store.ts";

/** How often old segments are looked for, and how often the figures of `metrics` are sent. */
const expireEveryMs = 60_000;
const statsEveryMs = 1_000;

if (parentPort === null) throw new Error("ingest-thread.ts runs only as a worker thread");
await run(parentPort, workerData as IngestThreadConfig);

async function run(port: MessagePort, config: IngestThreadConfig): Promise<void> {
  const send = (reply: IngestReply): void => port.postMessage(reply);
  let store: TraceStore;
  try {
    store = await TraceStore.open(config, Date.now, portLog(send));
  } catch (error) {
    const { code, message } = asThroughlineError(error);
    send({ kind: "failed", code, message });
    return;
  }
  const ingest = new Ingest(store, await redactorOf(config));
  const timers = [
    setInterval(() => void store.expire(), Math.min(expireEveryMs, Math.max(250, config.retentionMs / 4))),
    setInterval(() => send({ kind: "stats", stats: store.stats() }), statsEveryMs),
  ];
  port.on("message", (request: IngestRequest) => {
    answer(request, store, ingest).then(
      (value) => {
        if (request.kind === "append") send({ kind: "stats", stats: store.stats() });
        send({ kind: "reply", id: request.id, value });
        if (request.kind === "stop") {
          for (const timer of timers) clearInterval(timer);
          port.close();
        }
      },
      (error: unknown) => {
        const { code, message } = asThroughlineError(error);
        send({ kind: "failure", id: request.id, code, message });
      },
    );
  });
  send({ kind: "stats", stats: store.stats() });
  send({ kind: "ready" });
}

async function answer(request: IngestRequest, store: TraceStore, ingest: Ingest): Promise<unknown> {
  switch (request.kind) {
    case "append":
      return ingest.append(request.bytes, request.encoding);
    case "read":
      return answerRead(store.reader, request.call);
    case "health":
      return { failure: store.failure(), redactionFailures: ingest.redactionFailures };
    case "stop":
      return store.close();
  }
}

/** Errors lose their class between threads; what has no code of its own is an internal error. */
function asThroughlineError(error: unknown): ThroughlineError {
  if (error instanceof ThroughlineError) return error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new ThroughlineError("TL_INTERNAL", message);
}

/** The rules were checked before they came here. */
async function redactorOf({ redaction }: IngestThreadConfig): Promise<Redactor> {
  if (redaction?.rules === undefined) return createRedactor();
  const { parseRedactionRules } = await import("@throughline/redaction/rules");
  return createRedactor(parseRedactionRules(redaction.rules, redaction.hmacKey));
}

function portLog(send: (reply: IngestReply) => void): StoreLog {
  const at =
    (level: "info" | "warn" | "error"): StoreLog["info"] =>
    (fields, message) =>
      send({ kind: "log", level, fields, message });
  return { info: at("info"), warn: at("warn"), error: at("error") };
}
