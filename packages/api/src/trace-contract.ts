/** A span that every enhanced ticket has. */
export interface ContractSpan {
  name: string;
  kind: "SERVER" | "PRODUCER" | "CONSUMER" | "INTERNAL" | "CLIENT";
  parent: string | undefined;
  /** Beside those on every span. */
  attributes: readonly string[];
}

const messaging = [
  "messaging.system",
  "messaging.operation.name",
  "messaging.operation.type",
  "messaging.destination.name",
  "messaging.message.id",
] as const;
const counted = ["result.count", "cache.hit"] as const;

/** `docs/trace-contract.md` lists the same rows; a test keeps both equal, and another what a ticket's trace really holds. */
export const contractSpans: readonly ContractSpan[] = [
  {
    name: "POST /webhook/servicedesk",
    kind: "SERVER",
    parent: undefined,
    attributes: [
      "ticket.priority",
      "ticket.event",
      "ticket.description",
      "webhook.id",
      "http.request.method",
      "http.route",
      "http.response.status_code",
      "http.status_code",
    ],
  },
  {
    name: "job_queued",
    kind: "PRODUCER",
    parent: "POST /webhook/servicedesk",
    attributes: ["queue.name", "job.id", ...messaging],
  },
  {
    name: "enhance_ticket",
    kind: "CONSUMER",
    parent: "job_queued",
    attributes: [
      "job.id",
      "job.attempt",
      "queue.name",
      "queue.wait_ms",
      "ticket.priority",
      "enhancement.status",
      "enhancement.id",
      "enhancement.delivery",
      ...messaging,
    ],
  },
  {
    name: "context_gathering",
    kind: "INTERNAL",
    parent: "enhance_ticket",
    attributes: ["operation", "result.ticket_history.count", "result.docs.count", "result.ip_lookup"],
  },
  { name: "context.ticket_history", kind: "INTERNAL", parent: "context_gathering", attributes: counted },
  { name: "context.documentation", kind: "INTERNAL", parent: "context_gathering", attributes: counted },
  { name: "context.ip_lookup", kind: "INTERNAL", parent: "context_gathering", attributes: counted },
  {
    name: "llm.openai.completion",
    kind: "INTERNAL",
    parent: "enhance_ticket",
    attributes: ["llm.writer"],
  },
  {
    name: "api.servicedesk_plus.update_ticket",
    kind: "CLIENT",
    parent: "enhance_ticket",
    attributes: [
      "http.request.method",
      "http.response.status_code",
      "http.status_code",
      "server.address",
      "server.port",
      "desk.note.id",
    ],
  },
];

/** In place of the row of the same name where a model was asked; what a server may leave out is not among them. */
export const modelSpan: ContractSpan = {
  name: "llm.openai.completion",
  kind: "CLIENT",
  parent: "enhance_ticket",
  attributes: [
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.request.model",
    "gen_ai.response.model",
  ],
};

/** On every span of a ticket. */
export const contractAttributes: readonly string[] = ["tenant.id", "ticket.id", "slow_trace", "status.code"];
