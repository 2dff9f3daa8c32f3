import "./without-eval.ts";
import {
  attributeKeys,
  attributeValues,
  eraseReport,
  traceSearchAnswer,
  type TraceSummary,
  traceView,
  type TraceView,
} from "@throughline/api";
import { z } from "zod";
import { change, get } from "./http.ts";

const services = z.object({ services: z.array(z.string()) });
const operations = z.object({ operations: z.array(z.object({ name: z.string() })) });

/** How many spans have a key or a value. */
export interface Counted {
  text: string;
  spans: number;
}

export async function searchTraces(
  parameters: URLSearchParams,
  signal: AbortSignal,
): Promise<TraceSummary[]> {
  return (await searchPage(parameters, signal)).traces;
}

/** `next`: the parameter `cursor` of the page with older ones; null where there is none. */
export function searchPage(
  parameters: URLSearchParams,
  signal: AbortSignal,
): Promise<z.infer<typeof traceSearchAnswer>> {
  return get(traceSearchAnswer, `/api/throughline/traces?${parameters.toString()}`, signal);
}

/** Attribute keys of the spans in a window (`start`, `end`, `limit`), the most frequent first. */
export async function readAttributeKeys(window: URLSearchParams, signal: AbortSignal): Promise<Counted[]> {
  const { keys } = await get(attributeKeys, `/api/throughline/attributes?${window.toString()}`, signal);
  return keys.map(({ key, spans }) => ({ text: key, spans }));
}

export async function readAttributeValues(
  key: string,
  window: URLSearchParams,
  signal: AbortSignal,
): Promise<Counted[]> {
  const asked = new URLSearchParams(window);
  asked.set("key", key);
  const { values } = await get(
    attributeValues,
    `/api/throughline/attribute-values?${asked.toString()}`,
    signal,
  );
  return values.map(({ value, spans }) => ({ text: value, spans }));
}

export function readTrace(traceId: string, signal: AbortSignal): Promise<TraceView> {
  return get(traceView, `/api/throughline/traces/${encodeURIComponent(traceId)}`, signal);
}

export async function readServices(signal: AbortSignal): Promise<string[]> {
  return (await get(services, "/api/v3/services", signal)).services.sort();
}

/** Distinct names: an operation may come in several kinds. */
export async function readOperations(service: string, signal: AbortSignal): Promise<string[]> {
  const parameters = new URLSearchParams({ service });
  const answer = await get(operations, `/api/v3/operations?${parameters.toString()}`, signal);
  return [...new Set(answer.operations.map(({ name }) => name))].sort();
}

/** Keeps a trace beyond retention. */
export async function pinTrace(traceId: string): Promise<void> {
  await change(z.unknown(), "POST", `/api/archive/${encodeURIComponent(traceId)}`);
}

export function eraseTraces(what: { tenant: string; ticket: string }) {
  return change(eraseReport, "POST", "/api/throughline/erase", what);
}
