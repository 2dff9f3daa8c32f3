/** The ingest thread: requests into the head and its log. Started by engine.ts. */
import { workerData } from "node:worker_threads";
import { Ingest } from "../ingest.ts";
import { ValueRedactor } from "../ingest-redaction.ts";
import { systemFiles } from "../store/files.ts";
import { HeadStore } from "../store/head-store.ts";
import { warmUp } from "../store/warm-up.ts";
import type { IngestCall, IngestEvent, IngestNotice, IngestThreadConfig } from "./messages.ts";
import { redactorOf } from "./redactor.ts";
import { type Answer, serveThread } from "./serve.ts";

const statsEveryMs = 1_000;
const config = workerData as IngestThreadConfig;
const redactor = await redactorOf(config.redaction);

serveThread<IngestCall, IngestNotice, IngestEvent>((port) => {
  const cleaner = new ValueRedactor(redactor);
  const heads = new HeadStore({
    config,
    files: systemFiles,
    cleaner,
    nowMs: Date.now,
    log: port.log,
    nextId: config.nextId,
    events: {
      opened: (head) => port.event({ kind: "opened", head }),
      dropped: (id) => port.event({ kind: "dropped", id }),
      sealable: (head) => port.event({ kind: "sealable", head }),
    },
  });
  const ingest = new Ingest(heads, Date.now);
  const tellStats = (): void => port.event({ kind: "stats", stats: heads.stats() });
  const timer = setInterval(() => {
    heads.seal("due");
    tellStats();
  }, statsEveryMs);
  let endWarmUp = (): void => undefined;
  const answer = async (call: IngestCall): Promise<Answer> => {
    switch (call.kind) {
      case "replay":
        heads.replay(config.logs);
        tellStats();
        endWarmUp = warmUp(new ValueRedactor(redactor));
        return { value: undefined };
      case "append-shared": {
        const bytes = new Uint8Array(config.memory, call.byteOffset, call.length);
        return { value: await ingest.append(bytes, call.encoding, call.from) };
      }
      case "append":
        return { value: await ingest.append(call.bytes, call.encoding, call.from) };
      case "health":
        return {
          value: { failure: heads.failure, redactionFailures: cleaner.failures, stats: heads.stats() },
        };
      case "seal":
        return { value: heads.seal("now") };
      case "stop":
        clearInterval(timer);
        endWarmUp();
        await heads.close();
        return { value: undefined };
    }
  };
  return { answer, hear: ({ release }) => heads.release(release) };
});
