import { DeskError, type ServiceDesk } from "../desk.ts";
import { portOf } from "../http.ts";
import { type Credentials, ServiceDeskPlusClient } from "./client.ts";
import { notesPage, ticketOf, written } from "./fields.ts";
import { type AssetSource, createLibrary } from "./library.ts";

export interface ServiceDeskPlusOptions {
  /** `http://host:port`, with or without `/api/v3`; in the cloud `https://host/app/<portal>`. */
  baseUrl: string;
  credentials: Credentials;
  portalId?: string | undefined;
  assets?: AssetSource | undefined;
  /** Milliseconds for one call. */
  timeoutMs?: number;
  /** Milliseconds for a reader's attempts together. */
  readBudgetMs?: number;
}

const defaultTimeoutMs = 30_000;
const defaultReadBudgetMs = 20_000;
/** `list_info.row_count` is 100 at most. */
const notesPerPage = 100;
const pagesAtMost = 20;
/** A note is 20 kB at most where we wrote it; people's, and descriptions, may hold pictures. */
const textsLimitBytes = 8 * 1024 * 1024;

/** ServiceDesk Plus, API v3, on premises and in the cloud. */
export function createServiceDeskPlus(options: ServiceDeskPlusOptions): ServiceDesk {
  const client = new ServiceDeskPlusClient({
    ...options,
    timeoutMs: options.timeoutMs ?? defaultTimeoutMs,
    readBudgetMs: options.readBudgetMs ?? defaultReadBudgetMs,
  });
  const { base } = client;
  const requestPath = (ticketId: string) => `requests/${encodeURIComponent(ticketId)}`;

  return {
    name: "servicedesk_plus",
    address: {
      host: base.hostname,
      port: portOf(base),
      template: `${base.pathname}/requests/{id}/notes`,
    },
    library: createLibrary(client, options.assets),
    ping: async (signal) => {
      const input = { list_info: { row_count: 1, start_index: 1 } };
      await client.read({ path: "requests", input, asked: "to list requests", budgetMs: 0 }, signal);
    },
    getTicket: async (ticketId, signal) => {
      const asked = `to show request ${ticketId}`;
      const path = requestPath(ticketId);
      const { status, body } = await client.read({ path, asked, limitBytes: textsLimitBytes }, signal);
      try {
        return ticketOf(body);
      } catch (cause) {
        throw new DeskError("transient", "The desk's answer holds no request.", {
          httpStatus: status,
          cause,
        });
      }
    },
    findNote: async (ticketId, marker, signal) => {
      const asked = `to list the notes on ${ticketId}`;
      for (let page = 0; page < pagesAtMost; page++) {
        const input = { list_info: { row_count: notesPerPage, start_index: page * notesPerPage + 1 } };
        const path = `${requestPath(ticketId)}/notes`;
        const { status, body } = await client.read(
          { path, input, asked, limitBytes: textsLimitBytes },
          signal,
        );
        const parsed = notesPage.safeParse(body);
        if (!parsed.success)
          throw new DeskError("transient", "The desk's list of notes cannot be read.", {
            httpStatus: status,
          });
        const found = parsed.data.notes.find(({ description }) => description?.includes(marker));
        if (found !== undefined) return { noteId: found.id };
        if (parsed.data.list_info?.has_more_rows !== true) return undefined;
      }
      return undefined;
    },
    addNote: async (ticketId, { html, isPublic }, signal) => {
      const note = {
        description: html,
        show_to_requester: isPublic,
        mark_first_response: false,
        add_to_linked_requests: false,
      };
      const asked = `the note on ${ticketId}`;
      const { status, body } = await client.write(`${requestPath(ticketId)}/notes`, { note }, asked, signal);
      const parsed = written.safeParse(body);
      const noteId = parsed.data?.note?.id ?? parsed.data?.request_note?.id;
      if (noteId === undefined)
        throw new DeskError("transient", "The desk said it wrote the note but gave no id for it.", {
          httpStatus: status,
        });
      return { noteId, httpStatus: status };
    },
  };
}
