/** Reads traces and answers what takes longer than a frame. Started by `trace-client.ts`. */
import "../../api/without-eval.ts";
import {
  type DetailColumns,
  readDetails,
  readStructure,
  type StructureColumns,
  structureEnd,
  traceColumnsType,
  type TraceHead,
} from "@throughline/api/trace-columns";
import { ApiError, fetchAnswer, unreadable } from "../../api/http.ts";
import { type Analysis, analyse } from "./analysis.ts";
import { callGraphOf } from "./call-graph.ts";
import { callTreeOf } from "./call-tree.ts";
import { findClockSkew } from "./clock-skew.ts";
import { findSpans } from "./find.ts";
import type {
  CallName,
  Calls,
  FromWorker,
  OpenedTrace,
  Shifted,
  ToWorker,
  WorkerFailure,
} from "./messages.ts";
import { spanDetails } from "./span-details.ts";
import { statisticsOf } from "./statistics.ts";

interface Reading {
  number: number;
  head: TraceHead;
  structure: StructureColumns;
  analysis: Analysis;
  /** With clocks shifted, as asked for last. */
  shifted: { shifts: string; analysis: Analysis } | undefined;
  /** They come behind the structure. */
  details: Promise<DetailColumns>;
}

let current: Reading | undefined;
let readings = 0;
const askers = new Map<number, AbortController>();

const answers: {
  [Name in CallName]: (ask: Calls[Name]["ask"], signal: AbortSignal) => Promise<Calls[Name]["answer"]>;
} = {
  open: ({ traceId }, signal) => open(traceId, signal),
  analysis: async (ask) => analysisOf(readingOf(ask.reading), ask),
  span: async ({ reading, at }) => {
    const { head, structure, details } = readingOf(reading);
    return spanDetails(head, structure, await details, at);
  },
  find: async ({ reading, text }) => {
    const { head, structure, details } = readingOf(reading);
    return findSpans({ head, structure, details: await details }, text);
  },
  statistics: async (ask) => {
    const reading = readingOf(ask.reading);
    const { head, structure } = reading;
    const { selfTimes } = analysisOf(reading, ask);
    return statisticsOf({ head, structure, details: await reading.details, selfTimes }, ask.grouping);
  },
  callTree: async (ask) => {
    const reading = readingOf(ask.reading);
    return callTreeOf(reading.structure, analysisOf(reading, ask).selfTimes);
  },
  callGraph: async (ask) => {
    const reading = readingOf(ask.reading);
    return callGraphOf(reading.structure, analysisOf(reading, ask).selfTimes, ask.most);
  },
};

addEventListener("message", ({ data }: MessageEvent<ToWorker>) => {
  if ("cancel" in data) {
    askers.get(data.cancel)?.abort();
    return;
  }
  const asker = new AbortController();
  askers.set(data.id, asker);
  const answer = answers[data.name] as (ask: unknown, signal: AbortSignal) => Promise<unknown>;
  answer(data.ask, asker.signal).then(
    (value) => send({ id: data.id, value }),
    (error: unknown) => send({ id: data.id, failure: failureOf(error) }),
  );
});

function send(message: FromWorker): void {
  if (!("value" in message) || !askers.get(message.id)?.signal.aborted) postMessage(message);
  askers.delete(message.id);
}

function readingOf(number: number): Reading {
  if (current?.number !== number) throw new ApiError(0, "The trace was read again meanwhile.");
  return current;
}

function analysisOf(reading: Reading, { shifts }: Shifted): Analysis {
  if (shifts.length === 0) return reading.analysis;
  const name = shifts.join();
  if (reading.shifted?.shifts !== name)
    reading.shifted = { shifts: name, analysis: analyse(reading.structure, shifts) };
  return reading.shifted.analysis;
}

/** Resolves as soon as there is something to draw. */
async function open(traceId: string, signal: AbortSignal): Promise<OpenedTrace> {
  const response = await fetchAnswer(
    `/api/throughline/traces/${encodeURIComponent(traceId)}`,
    traceColumnsType,
    { signal },
  );
  const body = new Arriving(response);
  let end: number | undefined;
  while ((end === undefined || body.length < end) && (await body.more())) end ??= structureEnd(body.bytes());
  const { head, structure } = understood(() => readStructure(body.bytes()));
  const analysis = analyse(structure);
  const details = restOf(body);
  // Whoever asks for details is told; nobody may.
  details.catch(() => undefined);
  const number = ++readings;
  current = { number, head, structure, analysis, shifted: undefined, details };
  return { reading: number, head, structure, analysis, skews: findClockSkew(structure, head.clocks.length) };
}

async function restOf(body: Arriving): Promise<DetailColumns> {
  while (await body.more());
  return understood(() => readDetails(body.bytes()));
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error));
  }
}

/** A body as far as it has come, in one piece of memory that grows. */
class Arriving {
  length = 0;
  private memory: Uint8Array<ArrayBuffer>;
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    if (response.body === null) throw unreadable("it has no body");
    this.reader = response.body.getReader();
    this.memory = new Uint8Array(1024 * 1024);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.memory.subarray(0, this.length);
  }

  /** False at the end. */
  async more(): Promise<boolean> {
    const { done, value } = await this.reader.read().catch(() => {
      throw new ApiError(0, "The connection broke while the trace came in.", { remedy: "Try again." });
    });
    if (done) return false;
    if (this.length + value.length > this.memory.length) {
      const larger = new Uint8Array(Math.max(this.memory.length * 2, this.length + value.length));
      larger.set(this.bytes());
      this.memory = larger;
    }
    this.memory.set(value, this.length);
    this.length += value.length;
    return true;
  }
}

function failureOf(error: unknown): WorkerFailure {
  if (error instanceof ApiError) {
    const { status, message, code, remedy } = error;
    return { status, message, code, remedy };
  }
  const isAbort = error instanceof DOMException && error.name === "AbortError";
  return { status: 0, message: error instanceof Error ? error.message : String(error), isAbort };
}
