import { z } from "zod";
import { DeskError, type DeskTicket, type ServiceDesk } from "../desk.ts";
import { DeskHttp, portOf } from "../http.ts";
import { lineOfField, plainOfField, textOfField } from "../plain.ts";
import { retryRead } from "../retry-read.ts";
import { judgeAnswer } from "./answer.ts";

export interface ZammadOptions {
  /** `https://zammad.example.com`, with or without `/api/v1`. */
  baseUrl: string;
  /** Access token of an agent with `ticket.agent`. */
  token: string;
  /** Milliseconds for one call. */
  timeoutMs?: number;
  /** Milliseconds for a reader's attempts together. */
  readBudgetMs?: number;
}

const defaultTimeoutMs = 30_000;
const defaultReadBudgetMs = 20_000;
const answerLimitBytes = 1024 * 1024;
/** All articles of a ticket come in one answer. */
const articlesLimitBytes = 16 * 1024 * 1024;

const id = z.union([z.string().min(1), z.number().transform(String)]);
const text = z.string().nullish().catch(undefined);
const ticketAnswer = z.object({
  id,
  title: text,
  state: text,
  group: text,
  category: text,
  priority: text,
  customer: text,
  updated_at: text,
});
const articles = z.array(
  z.object({ id, body: text, type: text, sender: text, from: text, content_type: text }),
);

/** With `expand=true` states come by name; these are of the types closed, merged and removed. */
const closed = /^(?:closed|merged|removed|geschlossen|zusammengefügt)/i;

/** Zammad, REST API v1: an internal article of type `note` is what others call a private note. */
export function createZammad(options: ZammadOptions): ServiceDesk {
  const { token, timeoutMs = defaultTimeoutMs, readBudgetMs = defaultReadBudgetMs } = options;
  const base = apiBase(options.baseUrl);
  const http = new DeskHttp();

  async function call(
    path: string,
    body: object | undefined,
    asked: string,
    limitBytes: number,
    signal: AbortSignal,
  ) {
    const response = await http.send({
      method: body === undefined ? "GET" : "POST",
      url: new URL(`${base.href}/${path}`),
      headers: {
        authorization: `Token token=${token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      limitBytes,
      timeoutMs,
      signal,
    });
    return { status: response.status, body: judgeAnswer(response, asked) };
  }

  /** Reads may be repeated; a throttled one is the queue's business. */
  async function read<T>(
    schema: z.ZodType<T>,
    path: string,
    asked: string,
    limitBytes: number,
    signal: AbortSignal,
  ): Promise<T> {
    const once = async () => {
      const { status, body } = await call(path, undefined, asked, limitBytes, signal);
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      throw new DeskError("transient", "The desk's answer is not Zammad's JSON.", { httpStatus: status });
    };
    return retryRead(once, { budgetMs: readBudgetMs, waitsOutThrottle: false }, signal);
  }

  const articlesOf = (ticketId: string, signal: AbortSignal) =>
    read(
      articles,
      `ticket_articles/by_ticket/${encodeURIComponent(ticketId)}`,
      `to list the articles of ${ticketId}`,
      articlesLimitBytes,
      signal,
    );

  return {
    name: "zammad",
    address: { host: base.hostname, port: portOf(base), template: `${base.pathname}/ticket_articles` },
    ping: async (signal) => {
      await call("users/me", undefined, "to say whose token it is", answerLimitBytes, signal);
    },
    getTicket: async (ticketId, signal): Promise<DeskTicket> => {
      const path = `tickets/${encodeURIComponent(ticketId)}?expand=true`;
      const [ticket, all] = await Promise.all([
        read(ticketAnswer, path, `to show ticket ${ticketId}`, answerLimitBytes, signal),
        articlesOf(ticketId, signal),
      ]);
      const updatedAt = Date.parse(ticket.updated_at ?? "");
      return {
        id: ticket.id,
        subject: lineOfField(ticket.title),
        description: bodyOf(all[0]),
        status: ticket.state ?? undefined,
        isClosed: closed.test(ticket.state ?? ""),
        group: ticket.group ?? undefined,
        category: ticket.category ?? undefined,
        priority: ticket.priority ?? undefined,
        requester: { name: all[0]?.from ?? undefined, email: ticket.customer ?? undefined },
        labels: undefined,
        updatedAt: Number.isNaN(updatedAt) ? undefined : updatedAt,
        hasNotes: all.some(({ type }) => type === "note"),
      };
    },
    findNote: async (ticketId, marker, signal) => {
      // A customer who quotes a note, or makes its marker up, has not written one.
      const found = (await articlesOf(ticketId, signal)).find(
        ({ body, sender }) => sender !== "Customer" && body?.includes(marker),
      );
      return found === undefined ? undefined : { noteId: found.id };
    },
    addNote: async (ticketId, { html, isPublic }, signal) => {
      const article = {
        ticket_id: /^\d{1,15}$/.test(ticketId) ? Number(ticketId) : ticketId,
        subject: "Throughline",
        body: html,
        content_type: "text/html",
        type: "note",
        sender: "Agent",
        internal: !isPublic,
      };
      const asked = `the note on ${ticketId}`;
      const { status, body } = await call("ticket_articles", article, asked, answerLimitBytes, signal);
      const written = z.object({ id }).safeParse(body);
      if (!written.success)
        throw new DeskError("transient", "The desk said it wrote the note but gave no id for it.", {
          httpStatus: status,
        });
      return { noteId: written.data.id, httpStatus: status };
    },
  };
}

/** Mails come as plain text or as HTML. */
function bodyOf(article: z.output<typeof articles>[number] | undefined): string {
  const isPlain = article?.content_type?.startsWith("text/plain") === true;
  return isPlain ? plainOfField(article.body) : textOfField(article?.body);
}

function apiBase(baseUrl: string): URL {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, "").replace(/\/api\/v1$/, "") + "/api/v1";
  url.search = "";
  url.hash = "";
  return url;
}
