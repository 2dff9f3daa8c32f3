import { SpanKind, type Tracer } from "@opentelemetry/api";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { inTicketSpan, type TicketRef } from "../span.ts";
import { DeskError, type ServiceDesk } from "./desk.ts";
import { readBounded } from "./read-bounded.ts";
import { judgeAnswer, unreachable } from "./servicedesk-plus-status.ts";

export interface ServiceDeskPlusOptions {
  /** `http://host:port`, with or without `/api/v3`; in the cloud `https://host/app/<portal>`. */
  baseUrl: string;
  /** Technician key. */
  key: string;
  tracer: Tracer;
  /** Whose spans the look-ups belong to. */
  ticket: TicketRef;
  /** Milliseconds for one call. */
  timeoutMs?: number;
}

const defaultTimeoutMs = 30_000;
const answerLimitBytes = 1024 * 1024;
const readAttempts = 3;
const firstReadDelayMs = 500;
/** `list_info.row_count` is 100 at most. */
const notesPerPage = 100;
const pagesAtMost = 20;

const written = z.object({
  note: z.object({ id: z.coerce.string() }).optional(),
  request_note: z.object({ id: z.coerce.string() }).optional(),
});
const listed = z.object({
  notes: z.array(z.object({ id: z.coerce.string(), description: z.string().nullish() })).default([]),
  list_info: z.object({ has_more_rows: z.boolean().default(false) }).optional(),
});

/** ServiceDesk Plus, API v3: form bodies with `input_data`, verdict in `response_status`, errors inside HTTP 200 too. */
export function createServiceDeskPlus(options: ServiceDeskPlusOptions): ServiceDesk {
  const { key, tracer, ticket, timeoutMs = defaultTimeoutMs } = options;
  const base = apiBase(options.baseUrl);
  const notesUrl = (ticketId: string) => `${base.href}/requests/${encodeURIComponent(ticketId)}/notes`;
  const address = {
    host: base.hostname,
    port: Number(base.port) || (base.protocol === "https:" ? 443 : 80),
    template: `${base.pathname}/requests/{id}/notes`,
  };

  async function call(
    url: string,
    body: URLSearchParams | undefined,
    signal: AbortSignal,
  ): Promise<{ status: number; body: unknown }> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const headers = {
      authtoken: key,
      authorization: `authtoken: ${key}`,
      accept: "application/vnd.manageengine.sdp.v3+json",
    };
    let status: number | undefined;
    try {
      const response = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        headers,
        redirect: "manual",
        signal: limit,
        ...(body === undefined ? {} : { body }),
      });
      status = response.status;
      const text = await readBounded(response, answerLimitBytes);
      return { status, body: judgeAnswer(response, text, ticket.ticketId) };
    } catch (error) {
      if (error instanceof DeskError || signal.aborted) throw error;
      throw unreachable(error, address, timeoutMs, status);
    }
  }

  /** Reads may be repeated. */
  async function read(url: string, signal: AbortSignal): Promise<{ status: number; body: unknown }> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call(url, undefined, signal);
      } catch (error) {
        const again = error instanceof DeskError && error.kind !== "permanent" && attempt < readAttempts;
        if (!again) throw error;
        await sleep(error.retryAfterMs ?? firstReadDelayMs * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  }

  return {
    name: "servicedesk_plus",
    address,
    findNote: (ticketId, marker, signal) => {
      const attributes = {
        "http.request.method": "GET",
        "url.template": address.template,
        "server.address": address.host,
        "server.port": address.port,
      };
      return inTicketSpan(tracer, "GET", ticket, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        for (let page = 0; page < pagesAtMost; page++) {
          const listInfo = { row_count: notesPerPage, start_index: page * notesPerPage + 1 };
          const input = new URLSearchParams({ input_data: JSON.stringify({ list_info: listInfo }) });
          const { status, body } = await read(`${notesUrl(ticketId)}?${input.toString()}`, signal);
          span.setAttributes({ "http.response.status_code": status, "http.status_code": status });
          const { notes, list_info: info } = listed.parse(body);
          const found = notes.find(({ description }) => description?.includes(marker));
          if (found !== undefined) return { noteId: found.id };
          if (info?.has_more_rows !== true) return undefined;
        }
        return undefined;
      });
    },
    addNote: async (ticketId, { html }, signal) => {
      const note = {
        description: html,
        show_to_requester: false,
        mark_first_response: false,
        add_to_linked_requests: false,
      };
      const { status, body } = await call(
        notesUrl(ticketId),
        new URLSearchParams({ input_data: JSON.stringify({ note }) }),
        signal,
      );
      const parsed = written.safeParse(body);
      const id = parsed.data?.note?.id ?? parsed.data?.request_note?.id;
      if (id === undefined)
        throw new DeskError("transient", "The desk said it wrote the note but gave no id for it.", {
          httpStatus: status,
        });
      return { noteId: id, httpStatus: status };
    },
  };
}

function apiBase(baseUrl: string): URL {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, "").replace(/\/api\/v3$/, "") + "/api/v3";
  url.search = "";
  return url;
}
