/** Decodes and redacts requests on their way to a storage elsewhere. Started by remote/remote-store.ts. */
import { workerData } from "node:worker_threads";
import { ValueRedactor } from "../ingest-redaction.ts";
import { cleanRequests } from "../remote/clean-requests.ts";
import type { CleanCall, RedactionSettings } from "./messages.ts";
import { redactorOf } from "./redactor.ts";
import { serveThread } from "./serve.ts";

const redactor = new ValueRedactor(await redactorOf(workerData as RedactionSettings | undefined));

serveThread<CleanCall, never, never>(() => ({
  answer: (call) =>
    Promise.resolve().then(() => {
      if (call.kind === "failures") return { value: redactor.failures };
      const clean = cleanRequests(call, redactor, Date.now());
      return { value: clean, transfer: clean.requests.map(({ buffer }) => buffer) };
    }),
}));
