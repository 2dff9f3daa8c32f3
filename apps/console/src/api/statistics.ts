import {
  exemplarAnswer,
  processList,
  type ProcessList,
  queueStatus,
  type QueueStatus,
  redAnswer,
  serviceCalls,
  systemStatus,
  type SystemStatus,
} from "@throughline/api";
import type { z } from "zod";
import { get } from "./http.ts";

export type RedSeries = z.infer<typeof redAnswer>["series"][number];
export type RedMinute = RedSeries["total"];
export type ServiceCall = z.infer<typeof serviceCalls>["calls"][number];
export type Exemplar = z.infer<typeof exemplarAnswer>["exemplars"][number];

export async function readRed(query: URLSearchParams, signal: AbortSignal): Promise<RedSeries[]> {
  return (await get(redAnswer, `/api/throughline/red?${query.toString()}`, signal)).series;
}

export async function readServiceCalls(query: URLSearchParams, signal: AbortSignal): Promise<ServiceCall[]> {
  return (await get(serviceCalls, `/api/throughline/service-calls?${query.toString()}`, signal)).calls;
}

export async function readExemplars(query: URLSearchParams, signal: AbortSignal): Promise<Exemplar[]> {
  return (await get(exemplarAnswer, `/api/throughline/exemplars?${query.toString()}`, signal)).exemplars;
}

export function readSystem(signal: AbortSignal): Promise<SystemStatus> {
  return get(systemStatus, "/api/throughline/system", signal);
}

export function readQueue(signal: AbortSignal): Promise<QueueStatus> {
  return get(queueStatus, "/admin/api/queue", signal);
}

export function readProcesses(signal: AbortSignal): Promise<ProcessList> {
  return get(processList, "/admin/api/processes", signal);
}
