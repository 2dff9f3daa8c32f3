import type { DeskNote, DeskRequest } from "./state.ts";

/** The page may style itself and nothing else: notes hold HTML from outside. */
export const pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/** A request with its notes, as a technician sees it. */
export function requestPage(request: DeskRequest, notes: readonly DeskNote[]): string {
  const cards = notes.map(
    (note) =>
      `<section><header>Note ${escape(note.id)} · ${note.showToRequester ? "visible to the requester" : "private"} · ${new Date(note.createdAt).toISOString()}</header>${note.description}</section>`,
  );
  const body = cards.length === 0 ? "<p>No notes yet.</p>" : cards.join("\n");
  return `${head(`Request ${request.id}`)}<h1>${escape(request.id)} <small>${escape(request.subject)}</small></h1><p>${escape(request.status)} · ${escape(request.priority)}</p>${body}`;
}

export function indexPage(requests: readonly DeskRequest[]): string {
  const rows = requests.map(
    ({ id, subject }) =>
      `<li><a href="/requests/${encodeURIComponent(id)}">${escape(id)}</a> ${escape(subject)}</li>`,
  );
  return `${head("Simulated service desk")}<h1>Simulated service desk</h1><ul>${rows.join("")}</ul>`;
}

function head(title: string): string {
  const style =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b2733}section{border:1px solid #ccd5dd;border-radius:8px;padding:.5rem 1rem;margin:1rem 0;background:#fffbe9}header,small{color:#5b6b7a;font-weight:400}";
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title><style>${style}</style>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
