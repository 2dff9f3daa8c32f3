import type { ContextPart, Source } from "../../ticket.ts";
import type { RanStatement } from "./index-reader.ts";

/** What a search needs of a ticket; goes to the search threads as it is. */
export interface SearchedTicket {
  tenantId: string;
  ticketId: string;
  subject: string;
  description: string;
}

/** Which documents a ticket's note may quote. Lower case. */
export interface LabelRules {
  /** Granted: a document with `permission:` labels needs one of them. */
  permissions: readonly string[];
  /** In use: a document with `version:` labels needs one of them; empty: all are. */
  versions: readonly string[];
  /** Documents with one of these labels are never quoted. */
  exclude: readonly string[];
}

/** Where the search threads read. */
export type SearchedDatabase = { file: string } | { postgres: string };

export interface SearchRequest {
  id: number;
  part: ContextPart;
  ticket: SearchedTicket;
  rules: LabelRules;
  /** Milliseconds since the epoch. */
  deadline: number;
}

export interface SearchAnswer {
  id: number;
  statements: RanStatement[];
  outcome:
    | { sources: Source[]; /** Addresses, hosts and assets in the ticket. */ mentions: number }
    | { stopped: true }
    | { error: { message: string; name: string; code: string | undefined } };
}
