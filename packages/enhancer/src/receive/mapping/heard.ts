import type { TicketWebhook } from "@throughline/api";

/** What a webhook said of a ticket, whichever desk it came from. Absent: it did not say. */
export interface Heard {
  ticketId: string;
  event: string;
  subject?: string;
  description: string;
  priority: TicketWebhook["priority"];
  /** ISO 8601 with zone. */
  createdAt: string;
  /** When the ticket last changed, as the desk wrote it. */
  updatedAt?: string;
  /** Where nothing says when it last changed: what tells this state of it from others. */
  state?: string;
  facts: HeardFacts;
  /** Ids and names of who made the change. */
  actors: string[];
}

/** What a tenant may filter by. */
export interface HeardFacts {
  priority?: string;
  category?: string;
  group?: string;
  status?: string;
  requester?: string;
  labels?: string[];
}
