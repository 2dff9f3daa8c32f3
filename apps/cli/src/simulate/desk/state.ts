import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

export interface DeskRequest {
  id: string;
  subject: string;
  description: string;
  status: string;
  priority: string;
  group?: string | undefined;
  category?: string | undefined;
  requester?: { name: string; email: string } | undefined;
  createdAt: number;
  updatedAt: number;
}

export interface DeskNote {
  id: string;
  requestId: string;
  description: string;
  showToRequester: boolean;
  createdAt: number;
}

/** A solution or an asset, with the fields it was made with. */
export interface DeskEntry {
  kind: "solutions" | "assets";
  id: string;
  fields: Record<string, unknown>;
}

type Entry =
  | { put: "request"; request: DeskRequest }
  | { put: "note"; note: DeskNote }
  | { put: "entry"; entry: DeskEntry }
  | { delete: "note"; id: string };

/**
 * Requests and notes, kept in `desk.jsonl`: one JSON entry a line, appended (and synced, unless that is not wanted) before the answer leaves.
 * At start the lines are read again; a torn last line is what a crash leaves and is passed over.
 */
export class DeskState {
  private readonly requests = new Map<string, DeskRequest>();
  private readonly notes = new Map<string, DeskNote>();
  private readonly entries = new Map<string, DeskEntry>();
  private readonly notesByRequest = new Map<string, Map<string, DeskNote>>();
  private readonly file: number;
  private readonly isSynced: boolean;
  private lastId = 1_000;

  constructor(dataDirectory: string, isSynced: boolean) {
    this.isSynced = isSynced;
    mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
    const path = join(dataDirectory, "desk.jsonl");
    this.file = openSync(path, "a", 0o600);
    const text = readFileSync(path, "utf8");
    for (const line of text.split("\n")) this.replay(line);
    if (text !== "" && !text.endsWith("\n")) writeSync(this.file, "\n");
  }

  request(id: string): DeskRequest | undefined {
    return this.requests.get(id);
  }

  allRequests(): DeskRequest[] {
    return [...this.requests.values()];
  }

  /** Oldest first. */
  notesOf(requestId: string): DeskNote[] {
    return [...(this.notesByRequest.get(requestId)?.values() ?? [])];
  }

  note(id: string): DeskNote | undefined {
    return this.notes.get(id);
  }

  putRequest(request: DeskRequest): void {
    this.write({ put: "request", request });
  }

  addNote(note: Omit<DeskNote, "id" | "createdAt">): DeskNote {
    const made = { ...note, id: this.nextId(), createdAt: Date.now() };
    this.write({ put: "note", note: made });
    return made;
  }

  entriesOf(kind: DeskEntry["kind"]): DeskEntry[] {
    return [...this.entries.values()].filter((entry) => entry.kind === kind);
  }

  addEntry(kind: DeskEntry["kind"], fields: Record<string, unknown>): DeskEntry {
    const entry = { kind, id: this.nextId(), fields };
    this.write({ put: "entry", entry });
    return entry;
  }

  deleteNote(id: string): void {
    this.write({ delete: "note", id });
  }

  /** Ids are decimal strings, as the real desk's. */
  nextId(): string {
    return String(++this.lastId);
  }

  close(): void {
    closeSync(this.file);
  }

  private write(entry: Entry): void {
    writeSync(this.file, `${JSON.stringify(entry)}\n`);
    if (this.isSynced) fsyncSync(this.file);
    this.apply(entry);
  }

  private replay(line: string): void {
    if (line === "") return;
    let entry: Entry;
    try {
      entry = JSON.parse(line) as Entry;
    } catch {
      // Torn by a crash: it was never acknowledged.
      return;
    }
    this.apply(entry);
  }

  private apply(entry: Entry): void {
    if ("delete" in entry) {
      const requestId = this.notes.get(entry.id)?.requestId ?? "";
      this.notesByRequest.get(requestId)?.delete(entry.id);
      this.notes.delete(entry.id);
    } else if (entry.put === "note") {
      const { id, requestId } = entry.note;
      this.notes.set(id, entry.note);
      const beside = this.notesByRequest.get(requestId) ?? new Map<string, DeskNote>();
      this.notesByRequest.set(requestId, beside.set(id, entry.note));
      this.lastId = Math.max(this.lastId, Number(entry.note.id) || 0);
    } else if (entry.put === "entry") {
      this.entries.set(entry.entry.id, entry.entry);
      this.lastId = Math.max(this.lastId, Number(entry.entry.id) || 0);
    } else {
      this.requests.set(entry.request.id, entry.request);
      this.lastId = Math.max(this.lastId, Number(entry.request.id) || 0);
    }
  }
}
