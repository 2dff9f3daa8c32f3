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
import type { DeskEntry, DeskRequest, DeskState } from "./state.ts";

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
const entryInput = z.record(z.string(), z.record(z.string(), z.unknown()));
/** Both names that the real desk has for assets. */
const entryKinds: Readonly<Record<string, DeskEntry["kind"]>> = {
  solutions: "solutions",
  assets: "assets",
  asset_assets: "assets",
};
const requestInput = z.object({
  request: z.object({
    subject: z.string().optional(),
    description: z.string().optional(),
    status: named.optional(),
    priority: named.optional(),
    group: named.optional(),
    category: named.optional(),
    requester: z.object({ name: z.string(), email_id: z.string().default("") }).optional(),
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
    const [root = "", requestId, notes, noteId] = segments;
    const kind = entryKinds[root];
    if (kind !== undefined && requestId === undefined) return this.onEntries(method, root, kind, input);
    if (root !== "requests" || segments.length > 4 || (notes !== undefined && notes !== "notes"))
      return noSuchUrl();
    const parsed = parseInput(input);
    if (parsed === undefined) return badInput("input_data");
    if (requestId === undefined) {
      if (method === "GET")
        return this.list(
          "requests",
          this.state.allRequests().map((request) => this.jsonOf(request)),
          parsed,
        );
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
    return this.put({ id, subject: "", description: "", status: "Open", priority: "Medium" });
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
    const { subject, description = "", status = "Open", priority = "Medium", ...more } = parsed.data.request;
    if (subject === undefined || subject === "") return missingField("subject");
    const made = this.put({
      id: this.state.nextId(),
      subject,
      description,
      status,
      priority,
      ...peopleOf(more),
    });
    return succeeded({ request: this.jsonOf(made) }, 201);
  }

  private onRequest(method: string, request: DeskRequest, input: unknown): DeskAnswer {
    if (method === "GET") return succeeded({ request: this.jsonOf(request) });
    if (method !== "PUT") return noSuchUrl();
    const parsed = requestInput.safeParse(input);
    if (!parsed.success) return badInput("request");
    const {
      subject = request.subject,
      description = request.description,
      status = request.status,
      priority = request.priority,
      ...more
    } = parsed.data.request;
    const changed = { ...request, subject, description, status, priority, ...peopleOf(more) };
    return succeeded({ request: this.jsonOf(this.put(changed)) });
  }

  private jsonOf(request: DeskRequest) {
    return requestJson(request, this.state.notesOf(request.id).length > 0);
  }

  /** Solutions and assets: listed, and made with whatever fields, for tests. */
  private onEntries(
    method: string,
    root: string,
    kind: DeskEntry["kind"],
    input: string | undefined,
  ): DeskAnswer {
    const parsed = parseInput(input);
    if (parsed === undefined) return badInput("input_data");
    const rows = this.state.entriesOf(kind).map(({ id, fields }) => ({ ...fields, id }));
    if (method === "GET") return this.list(root, rows, parsed);
    const fields = Object.values(entryInput.safeParse(parsed).data ?? {})[0];
    if (method !== "POST" || fields === undefined) return badInput(root);
    const { id } = this.state.addEntry(kind, fields);
    return succeeded({ [root.replace(/s$/, "")]: { ...fields, id } }, 201);
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

function peopleOf({
  group,
  category,
  requester,
}: Pick<z.infer<typeof requestInput>["request"], "group" | "category" | "requester">): Pick<
  DeskRequest,
  "group" | "category" | "requester"
> {
  return {
    ...(group === undefined ? {} : { group }),
    ...(category === undefined ? {} : { category }),
    ...(requester === undefined ? {} : { requester: { name: requester.name, email: requester.email_id } }),
  };
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
