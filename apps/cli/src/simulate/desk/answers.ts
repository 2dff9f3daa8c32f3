import type { DeskNote, DeskRequest } from "./state.ts";

/** What the desk says: the HTTP status and its JSON. */
export interface DeskAnswer {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

const success = { status_code: 2000, status: "success" };

export function succeeded(content: object, status = 200): DeskAnswer {
  return { status, body: { ...content, response_status: success } };
}

/** Lists carry the status as an array. */
export function listed(content: object): DeskAnswer {
  return { status: 200, body: { response_status: [success], ...content } };
}

/** Outer code 4000, the reason in `messages`. */
function failed(status: number, innerCode: number, message: string, field?: string): DeskAnswer {
  const detail = {
    status_code: innerCode,
    message,
    type: "failed",
    ...(field === undefined ? {} : { field }),
  };
  return { status, body: { response_status: { status_code: 4000, messages: [detail], status: "failed" } } };
}

export const invalidKey = () => failed(401, 4022, "Authentication failed: the authtoken is invalid.");
export const noSuchRequest = () => failed(404, 4007, "The requested resource is not found.");
export const noSuchUrl = () => failed(404, 4007, "Invalid URL.");
export const badInput = (field: string) => failed(400, 4001, "Invalid value.", field);
export const missingField = (field: string) =>
  failed(400, 4012, "Value for a mandatory field is missing.", field);

/** An error inside HTTP 200, as the real desk gives at times. */
export const innerFailure = () => ({ ...failed(200, 4004, "Internal error."), status: 200 });

/** The answer that a fault asks for: the codes that the real desk gives with that status. */
export function faulty(status: number, retryAfterSeconds: number | undefined): DeskAnswer {
  const codes: Record<number, [number, string]> = {
    400: [4001, "Invalid value."],
    401: [4022, "Authentication failed: the authtoken is invalid."],
    403: [4002, "Access denied: the technician may not do this."],
    404: [4007, "The requested resource is not found."],
    429: [4015, "The rate limit is exceeded."],
  };
  const [code, message] = codes[status] ?? [4004, "Internal error."];
  const answer = failed(status, code, message);
  return retryAfterSeconds === undefined
    ? answer
    : { ...answer, headers: { "retry-after": String(retryAfterSeconds) } };
}

export function requestJson(request: DeskRequest, hasNotes: boolean) {
  const named = (name: string | undefined) => (name === undefined ? null : { name, id: "1" });
  const { name, email } = request.requester ?? {
    name: "Simulated requester",
    email: "requester@example.com",
  };
  return {
    id: request.id,
    subject: request.subject,
    description: request.description,
    status: { name: request.status, id: "1" },
    priority: { name: request.priority, id: "1" },
    created_time: date(request.createdAt),
    last_updated_time: date(request.updatedAt),
    group: named(request.group),
    category: named(request.category),
    requester: { name, email_id: email, id: "4" },
    has_notes: hasNotes,
  };
}

export function noteJson(note: DeskNote) {
  return {
    id: note.id,
    description: note.description,
    show_to_requester: note.showToRequester,
    created_time: date(note.createdAt),
    created_by: { name: "Throughline technician", id: "5" },
    request: { id: note.requestId },
  };
}

function date(at: number): { value: string; display_value: string } {
  return { value: String(at), display_value: new Date(at).toUTCString() };
}
