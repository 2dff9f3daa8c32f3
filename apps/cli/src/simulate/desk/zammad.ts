import { z } from "zod";
import { brokenAnswer, type FaultPlan } from "../faults.ts";
import type { SimulatedAnswer } from "../http.ts";
import type { DeskProduct } from "./servicedesk-plus.ts";
import type { DeskNote, DeskRequest, DeskState } from "./state.ts";

const articleInput = z.object({
  ticket_id: z.coerce.string().min(1),
  body: z.string().min(1),
  subject: z.string().optional(),
  content_type: z.string().default("text/plain"),
  type: z.string().default("note"),
  internal: z.boolean().default(false),
  sender: z.string().default("Agent"),
});
const ticketInput = z.object({
  title: z.string().optional(),
  group: z.string().optional(),
  state: z.string().optional(),
  priority: z.string().optional(),
  customer: z.string().optional(),
  category: z.string().optional(),
  article: z.object({ body: z.string() }).optional(),
});

/** Zammad's REST API v1, as far as a note-writing agent needs it: tickets and their articles. */
export function zammad(
  state: DeskState,
  plan: FaultPlan,
  options: { strict: boolean; key?: string },
): DeskProduct {
  /** Without `--strict` an unknown ticket exists from its first touch on. */
  function touch(id: string): DeskRequest | undefined {
    const known = state.request(id);
    if (known !== undefined || options.strict) return known;
    return put({ id, subject: "", description: "", status: "open", priority: "2 normal" });
  }

  function put(request: Omit<DeskRequest, "createdAt" | "updatedAt"> & { createdAt?: number }): DeskRequest {
    const now = Date.now();
    const whole = { createdAt: now, ...request, updatedAt: now };
    state.putRequest(whole);
    return whole;
  }

  function work(method: string, segments: readonly string[], body: string): [number, object] {
    const [root, first, second] = segments;
    if (root === "ticket_articles") {
      if (method === "POST" && first === undefined) return addArticle(body);
      if (method === "GET" && first === "by_ticket" && second !== undefined) {
        const request = touch(second);
        return request === undefined ? notFound : [200, articlesOf(request)];
      }
      return notFound;
    }
    if (root === "users" && first === "me" && method === "GET")
      return [200, { id: 1, login: "simulated-agent" }];
    if (root !== "tickets") return notFound;
    if (first === undefined) return method === "POST" ? change(undefined, body, 201) : notFound;
    const request = touch(first);
    if (request === undefined) return notFound;
    if (method === "GET") return [200, ticketJson(request, state.notesOf(request.id).length + 1)];
    return method === "PUT" ? change(request, body, 200) : notFound;
  }

  function addArticle(body: string): [number, object] {
    const parsed = articleInput.safeParse(parseJson(body));
    if (!parsed.success) return unprocessable(parsed.error.issues[0]?.path.join(".") ?? "body");
    const request = touch(parsed.data.ticket_id);
    if (request === undefined) return notFound;
    const made = state.addNote({
      requestId: request.id,
      description: parsed.data.body,
      showToRequester: !parsed.data.internal,
    });
    return [201, articleJson(made)];
  }

  function change(request: DeskRequest | undefined, body: string, status: number): [number, object] {
    const parsed = ticketInput.safeParse(parseJson(body));
    if (!parsed.success || (request === undefined && parsed.data.title === undefined))
      return unprocessable("title");
    const { title, group, state: name, priority, customer, category, article } = parsed.data;
    const before = request ?? {
      id: state.nextId(),
      subject: "",
      description: "",
      status: "new",
      priority: "2 normal",
    };
    const made = put({
      ...before,
      ...(title === undefined ? {} : { subject: title }),
      ...(group === undefined ? {} : { group }),
      ...(name === undefined ? {} : { status: name }),
      ...(priority === undefined ? {} : { priority }),
      ...(category === undefined ? {} : { category }),
      ...(customer === undefined ? {} : { requester: { name: customer, email: customer } }),
      ...(article === undefined ? {} : { description: article.body }),
    });
    return [status, ticketJson(made, 1)];
  }

  /** The first article is what the customer wrote. */
  function articlesOf(request: DeskRequest): object[] {
    const first = {
      id: 1,
      ticket_id: request.id,
      body: request.description,
      content_type: "text/html",
      type: "web",
      sender: "Customer",
      internal: false,
      from: request.requester?.name ?? "Simulated customer",
    };
    return [first, ...state.notesOf(request.id).map(articleJson)];
  }

  return {
    answer: async (request, url, body) => {
      const segments = /^\/api\/v1\/(.+)$/.exec(url.pathname)?.[1]?.split("/").map(decodeURIComponent);
      if (segments === undefined) return json(...notFound);
      const sent = /^(?:Token token=|Bearer )(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
      if (sent === undefined || (options.key !== undefined && sent !== options.key))
        return json(401, { error: "Invalid token!", error_human: "Invalid token!" });
      const method = request.method ?? "GET";
      const writes = method === "POST" && segments[0] === "ticket_articles";
      const id = writes ? idIn(body) : segments.at(-1);
      if (!writes && !plan.hitsReads(id)) return json(...work(method, segments, body));
      const verdict = plan.judge(id);
      const { answer: broken } = verdict;
      if (broken !== undefined && broken !== "inner")
        return brokenAnswer(broken, broken === "cut" ? JSON.stringify(work(method, segments, body)[1]) : "");
      if (verdict.failStatus !== undefined || broken === "inner") {
        const wait = verdict.retryAfterSeconds;
        return json(
          verdict.failStatus ?? 500,
          { error: "The request failed." },
          wait === undefined ? {} : { "retry-after": String(wait) },
        );
      }
      const [status, answer] = work(method, segments, body);
      return (await verdict.beforeAnswer()) ? { cut: true } : json(status, answer);
    },
  };
}

const notFound: [number, object] = [404, { error: "No such object", error_human: "No such object" }];

function unprocessable(field: string): [number, object] {
  return [422, { error: `The required parameter '${field}' is missing or wrong.` }];
}

function ticketJson(request: DeskRequest, articles: number) {
  return {
    id: /^\d+$/.test(request.id) ? Number(request.id) : request.id,
    number: request.id,
    title: request.subject,
    state: request.status.toLowerCase(),
    group: request.group ?? "Users",
    priority: request.priority,
    category: request.category ?? null,
    customer: request.requester?.email ?? "customer@example.com",
    article_count: articles,
    created_at: new Date(request.createdAt).toISOString(),
    updated_at: new Date(request.updatedAt).toISOString(),
  };
}

function articleJson(note: DeskNote) {
  return {
    id: Number(note.id),
    ticket_id: note.requestId,
    body: note.description,
    content_type: "text/html",
    type: "note",
    sender: "Agent",
    internal: !note.showToRequester,
    from: "Throughline agent",
    created_at: new Date(note.createdAt).toISOString(),
  };
}

function idIn(body: string): string | undefined {
  return articleInput.safeParse(parseJson(body)).data?.ticket_id;
}

function json(status: number, body: object, headers: Record<string, string> = {}): SimulatedAnswer {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
