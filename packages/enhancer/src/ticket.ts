import type { TicketWebhook } from "@throughline/api";

/** A ticket on its way: what a job carries and every stage reads. */
export interface Ticket {
  tenantId: string;
  ticketId: string;
  event: string;
  /** Where the desk has one; webhooks may come without. */
  subject?: string;
  description: string;
  priority: TicketWebhook["priority"];
  /** ISO 8601 with zone, as the desk sent it. */
  createdAt: string;
}

/** Something that was really retrieved and may be cited. */
export interface Source {
  kind: "ticket" | "document" | "system";
  /** Ticket id; document path with `#heading`; IP address. Unique within its kind and tenant. */
  id: string;
  title: string;
  /** What the note may quote: the resolution, the passage, or the system's role, client and location. Plain text. */
  excerpt: string;
  /** Higher is better; comparable within one kind only. */
  score: number;
  /** Why it was found, for people: `words: vpn (subject), certificate (subject, resolution)`. */
  why: string;
  /** The same for programs, the most telling first; absent where nothing was searched. */
  matches?: readonly Match[];
  /** Ids of others that say nearly the same: it stands for them, and `why` names them. */
  alike?: readonly string[];
}

/** A word, address or name of the ticket that was found in a source. */
export interface Match {
  term: string;
  fields: readonly string[];
  /** What it counts in the source's score. */
  score: number;
  /** What the word was taken for where it stands nowhere itself. */
  alike?: string;
}

export type ContextPart = "ticket_history" | "documentation" | "ip_lookup";

/** What context gathering yields; `missing` names what failed or came too late. */
export interface GatheredContext {
  tickets: Source[];
  documents: Source[];
  systems: Source[];
  ipLookup: "found" | "none" | "skipped" | "error";
  missing: { part: ContextPart; reason: string }[];
}

/** A written note before it becomes HTML. Source numbers are 1-based indexes into `sources`. */
export interface Note {
  /** BCP 47: of its headings and fixed phrases. */
  language: string;
  /** Similar tickets, documentation, systems, next steps: always these four. */
  sections: { title: string; items: { text: string; sources: number[] }[] }[];
  sources: Source[];
  /** `extractive` says in the note that no model was used, and why. */
  writer: { kind: "model"; model: string } | { kind: "extractive"; because: WithoutModel };
  missing: GatheredContext["missing"];
}

/** What a tenant spends on models at most: US dollars and tokens, for a ticket and for a day. */
export type Cap = "ticketUsd" | "dayUsd" | "ticketTokens" | "dayTokens";

/** Why no model wrote a note: none is set, those that are failed, a price is not known that a money cap needs, or a cap is reached. */
export type WithoutModel = "unconfigured" | "failed" | "price" | Cap;
