import { z } from "zod";
import {
  badInput,
  type DeskAnswer,
  listed,
  missingField,
  noSuchRequest,
  noSuchUrl,
  noteJson,
  requestJson,
  succeeded,
} from "./answers.ts";
import type { DeskRequest, DeskState } from "./state.ts";

export interface DeskCall {
  method: string;
  /** Below `/api/v3`: `requests`, `42`, `notes`. */
  segments: readonly string[];
  /** `input_data` of the form or the query; undefined where there is none. */
  input: string | undefined;
}

const listInfo = z.object({
  list_info: z
    .object({
      row_count: z.coerce.number().int().min(1).max(100).default(10),
      start_index: z.coerce.number().int().min(1).default(1),
      sort_order: z.enum(["asc", "desc"]).default("asc"),
      get_total_count: z.boolean().default(false),
    })
    .prefault({}),
});
const noteFields = z.object({
  description: z.string().optional(),
  show_to_requester: z.boolean().default(false),
});
const noteInput = z.object({ note: noteFields.optional(), request_note: noteFields.optional() });
const named = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const requestInput = z.object({
  request: z.object({
    subject: z.string().optional(),
    description: z.string().optional(),
    status: named.optional(),
    priority: named.optional(),
  }),
});

/** API v3 of ServiceDesk Plus, as far as a note-writing technician needs it. */
export class DeskApi {
  private readonly state: DeskState;
  private readonly strict: boolean;

  constructor(state: DeskState, strict: boolean) {
    this.state = state;
    this.strict = strict;
  }

  answer({ method, segments, input }: DeskCall): DeskAnswer {
    const [root, requestId, notes, noteId] = segments;
    if (root !== "requests" || segments.length > 4 || (notes !== undefined && notes !== "notes"))
      return noSuchUrl();
    const parsed = parseInput(input);
    if (parsed === undefined) return badInput("input_data");
    if (requestId === undefined) {
      if (method === "GET") return this.list("requests", this.state.allRequests().map(requestJson), parsed);
      return method === "POST" ? this.createRequest(parsed) : noSuchUrl();
    }
    const request = this.touch(requestId);
    if (request === undefined) return noSuchRequest();
    if (notes === undefined) return this.onRequest(method, request, parsed);
    return noteId === undefined
      ? this.onNotes(method, request, parsed)
      : this.onNote(method, request, noteId);
  }

  /** Without `--strict` an unknown request exists from its first touch on. */
  private touch(id: string): DeskRequest | undefined {
    const known = this.state.request(id);
    if (known !== undefined || this.strict) return known;
    return this.put({ id, subject: `Request ${id}`, description: "", status: "Open", priority: "Medium" });
  }

  private put(request: Omit<DeskRequest, "createdAt" | "updatedAt"> & { createdAt?: number }): DeskRequest {
    const now = Date.now();
    const whole = { createdAt: now, ...request, updatedAt: now };
    this.state.putRequest(whole);
    return whole;
  }

  private createRequest(input: unknown): DeskAnswer {
    const parsed = requestInput.safeParse(input);
    if (!parsed.success) return badInput("request");
    const { subject, description = "", status = "Open", priority = "Medium" } = parsed.data.request;
    if (subject === undefined || subject === "") return missingField("subject");
    const made = this.put({ id: this.state.nextId(), subject, description, status, priority });
    return succeeded({ request: requestJson(made) }, 201);
  }

  private onRequest(method: string, request: DeskRequest, input: unknown): DeskAnswer {
    if (method === "GET") return succeeded({ request: requestJson(request) });
    if (method !== "PUT") return noSuchUrl();
    const parsed = requestInput.safeParse(input);
    if (!parsed.success) return badInput("request");
    const {
      subject = request.subject,
      description = request.description,
      status = request.status,
      priority = request.priority,
    } = parsed.data.request;
    return succeeded({
      request: requestJson(this.put({ ...request, subject, description, status, priority })),
    });
  }

  private onNotes(method: string, request: DeskRequest, input: unknown): DeskAnswer {
    if (method === "GET") return this.list("notes", this.state.notesOf(request.id).map(noteJson), input);
    if (method !== "POST") return noSuchUrl();
    const parsed = noteInput.safeParse(input);
    // On-premises clients write `note`, cloud clients `request_note`.
    const note = parsed.data?.note ?? parsed.data?.request_note;
    if (note === undefined) return badInput("note");
    if (note.description === undefined || note.description === "") return missingField("description");
    const made = this.state.addNote({
      requestId: request.id,
      description: note.description,
      showToRequester: note.show_to_requester,
    });
    return succeeded({ [parsed.data?.note === undefined ? "request_note" : "note"]: noteJson(made) }, 201);
  }

  private onNote(method: string, request: DeskRequest, noteId: string): DeskAnswer {
    const note = this.state.note(noteId);
    if (note?.requestId !== request.id) return noSuchRequest();
    if (method === "GET") return succeeded({ note: noteJson(note) });
    if (method !== "DELETE") return noSuchUrl();
    this.state.deleteNote(noteId);
    return succeeded({});
  }

  private list(name: string, rows: object[], input: unknown): DeskAnswer {
    const parsed = listInfo.safeParse(input);
    if (!parsed.success) return badInput("list_info");
    const {
      row_count: count,
      start_index: start,
      sort_order: order,
      get_total_count: wantsTotal,
    } = parsed.data.list_info;
    const sorted = order === "desc" ? rows.toReversed() : rows;
    const page = sorted.slice(start - 1, start - 1 + count);
    const info = {
      row_count: page.length,
      start_index: start,
      has_more_rows: sorted.length > start - 1 + page.length,
      ...(wantsTotal ? { total_count: rows.length } : {}),
    };
    return listed({ [name]: page, list_info: info });
  }
}

/** `{}` where there is no input; undefined where it is no JSON object. */
function parseInput(input: string | undefined): unknown {
  if (input === undefined || input === "") return {};
  try {
    const parsed: unknown = JSON.parse(input);
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The header styles that installations and clients use; the key, or undefined where there is none. */
export function keyOf(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  query: URLSearchParams,
): string | undefined {
  const token = headers["authtoken"];
  if (typeof token === "string") return token;
  const authorization = headers["authorization"];
  if (typeof authorization === "string")
    return /^(?:authtoken:?|Zoho-oauthtoken)\s+(.+)$/i.exec(authorization)?.[1]?.trim();
  return query.get("TECHNICIAN_KEY") ?? undefined;
}
