/** Reads traces and answers what takes longer than a frame. Started by `trace-client.ts`. */
import "../../api/without-eval.ts";
import {
  type DetailColumns,
  readDetails,
  readStructure,
  type StructureColumns,
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
  details: () => Promise<TraceDetails>;
}

/** `head`: what of it belongs to the details. */
interface TraceDetails {
  head: TraceHead;
  details: DetailColumns;
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
    const { structure, details: coming } = readingOf(reading);
    const { head, details } = await coming();
    return spanDetails(head, structure, details, at);
  },
  find: async ({ reading, text }) => {
    const { head, structure, details } = readingOf(reading);
    return findSpans({ ...withDetails(head, await details()), structure }, text);
  },
  keys: async ({ reading }) => (await readingOf(reading).details()).head.keys,
  statistics: async (ask) => {
    const reading = readingOf(ask.reading);
    const { head, structure } = reading;
    const { selfTimes } = analysisOf(reading, ask);
    const whole = withDetails(head, await reading.details());
    return statisticsOf({ ...whole, structure, selfTimes }, ask.grouping);
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

/** Both halves of the head in one. */
function withDetails(head: TraceHead, { head: behind, details }: TraceDetails) {
  const { messages, eventNames, keys, scopes } = behind;
  return { head: { ...head, messages, eventNames, keys, scopes }, details };
}

function analysisOf(reading: Reading, { shifts }: Shifted): Analysis {
  if (shifts.length === 0) return reading.analysis;
  const name = shifts.join();
  if (reading.shifted?.shifts !== name)
    reading.shifted = { shifts: name, analysis: analyse(reading.structure, shifts) };
  return reading.shifted.analysis;
}

/** Resolves as soon as there is something to draw; what is read of single spans comes behind it. */
async function open(traceId: string, signal: AbortSignal): Promise<OpenedTrace> {
  const body = await readPart(traceId, "structure", signal);
  const { head, structure } = understood(() => readStructure(body));
  const analysis = analyse(structure);
  const details = soon(structure.starts.length > fewSpans ? drawnAfterMs : 0, () =>
    detailsOf(traceId, structure.spanIds),
  );
  const number = ++readings;
  current = { number, head, structure, analysis, shifted: undefined, details };
  return { reading: number, head, structure, analysis, skews: findClockSkew(structure, head.clocks.length) };
}

/** Until the page has drawn a trace of more spans than these, which making and fetching their details would slow down. */
const drawnAfterMs = 300;
const fewSpans = 10_000;

/** Starts it after a while, or when somebody asks for it; once it has failed, again for the next who asks. */
function soon<T>(afterMs: number, start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  const begin = () =>
    (started ??= start().catch((error: unknown) => {
      started = undefined;
      throw error;
    }));
  // Whoever asks is told of a failure; nobody may.
  setTimeout(() => begin().catch(() => undefined), afterMs);
  return begin;
}

async function detailsOf(traceId: string, ids: Uint8Array): Promise<TraceDetails> {
  const body = await readPart(traceId, "details", undefined);
  const { head, details, spanIds } = understood(() => readDetails(body));
  if (spanIds.length !== ids.length || spanIds.some((byte, at) => byte !== ids[at]))
    throw new ApiError(0, "More spans have come since the trace was read.", { remedy: "Reload the page." });
  return { head, details };
}

async function readPart(
  traceId: string,
  part: "structure" | "details",
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const path = `/api/throughline/traces/${encodeURIComponent(traceId)}?part=${part}`;
  const response = await fetchAnswer(path, traceColumnsType, signal === undefined ? {} : { signal });
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ApiError(0, "The connection broke while the trace came in.", { remedy: "Try again." });
  }
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error));
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
