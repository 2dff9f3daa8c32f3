import "./without-eval.ts";
import {
  enhancementDetail,
  type EnhancementDetail,
  enhancementView,
  jobView,
  ticketErasure,
  ticketList,
  ticketStory,
  type TicketStory,
} from "@throughline/api";
import { z } from "zod";
import { change, get } from "./http.ts";

/** The enhancer's admin API, as it answers under the console's origin. */
const root = "/admin/api";

export type TicketPage = z.infer<typeof ticketList>;

export function readTickets(query: URLSearchParams, signal: AbortSignal): Promise<TicketPage> {
  return get(ticketList, `${root}/tickets?${query.toString()}`, signal);
}

export function readTicket(tenantId: string, ticketId: string, signal: AbortSignal): Promise<TicketStory> {
  return get(ticketStory, `${root}/tickets/${part(tenantId)}/${part(ticketId)}`, signal);
}

export function readEnhancement(id: string, signal: AbortSignal): Promise<EnhancementDetail> {
  return get(enhancementDetail, `${root}/enhancements/${part(id)}`, signal);
}

const logLine = z.looseObject({
  time: z.string(),
  level: z.string().catch("info"),
  msg: z.string().catch(""),
});
export type LogLine = z.infer<typeof logLine>;
const logs = z.object({ lines: z.array(logLine), elsewhere: z.string() });
export type Logs = z.infer<typeof logs>;

export function readLogs(of: { ticket: string } | { trace: string }, signal: AbortSignal): Promise<Logs> {
  return get(logs, `${root}/logs?${new URLSearchParams({ ...of, limit: "1000" }).toString()}`, signal);
}

export const retryJob = (id: string) => change(jobView, "POST", `${root}/jobs/${part(id)}/retry`);
export const rerunJob = (id: string, force: boolean) =>
  change(jobView, "POST", `${root}/jobs/${part(id)}/rerun`, { force });
export const discardJob = (id: string) => change(jobView, "DELETE", `${root}/jobs/${part(id)}`);
export const approveDraft = (id: string) =>
  change(enhancementView, "POST", `${root}/drafts/${part(id)}/approve`);
export const discardDraft = (id: string) =>
  change(enhancementView, "POST", `${root}/drafts/${part(id)}/discard`);
export const eraseTicket = (tenantId: string, ticketId: string) =>
  change(ticketErasure, "POST", `${root}/tickets/${part(tenantId)}/${part(ticketId)}/erase`);

function part(text: string): string {
  return encodeURIComponent(text);
}
