/**
 * The corpus of the trace benchmarks: ticket traces of 12 spans (6-10 attributes each, some 330 bytes a span as OTLP protobuf, random
 * ids), in requests of 500 spans, times spread evenly over `hours` that end now.
 */
import { randomFillSync } from "node:crypto";
import { encodeBatch } from "../packages/traces/src/store/batch-encoding.ts";
import type { KeyValue, ResourceRecord, SpanKind, SpanRecord } from "../packages/traces/src/model.ts";

const spansOfTrace = 12;
const tracesOfRequest = 42;

export interface CorpusRequest {
  bytes: Uint8Array<ArrayBuffer>;
  spans: number;
}

/** What queries ask for: a trace of each request, with its ticket. */
export interface Sample {
  traceId: string;
  ticketId: string;
}

const random = (limit: number): number => Math.floor(Math.random() * limit);
const text = (key: string, value: string): KeyValue => ({ key, value: { type: "string", value } });
const int = (key: string, value: number): KeyValue => ({ key, value: { type: "int", value: BigInt(value) } });

const ids = Buffer.alloc(65_536);
let idsUsed = ids.length;
function hexId(bytes: number): string {
  if (idsUsed + bytes > ids.length) {
    randomFillSync(ids);
    idsUsed = 0;
  }
  idsUsed += bytes;
  return ids.toString("hex", idsUsed - bytes, idsUsed);
}

const resources = ["receiver", "worker"].map((role) => ({
  attributes: [
    text("service.name", "ai-agents-enhancement"),
    text("service.version", "1.4.2"),
    text("deployment.environment", "production"),
    text("service.instance.id", `${role}-7c9d8b6f5-x2x4z`),
    text("throughline.role", role),
  ],
  droppedAttributesCount: 0,
  schemaUrl: "",
}));
const scope = {
  name: "throughline.enhancer",
  version: "0.1.0",
  attributes: [],
  droppedAttributesCount: 0,
  schemaUrl: "",
};

/** Name, kind, resource, parent (by number), typical milliseconds, attributes of its own. */
const shapes: readonly (readonly [string, SpanKind, 0 | 1, number, number, () => KeyValue[]])[] = [
  [
    "POST /webhook/servicedesk",
    2,
    0,
    -1,
    12,
    () => [
      text("http.request.method", "POST"),
      text("http.route", "/webhook/servicedesk"),
      int("http.response.status_code", 202),
      text("server.address", "127.0.0.1"),
      text("ticket.event", "ticket.created"),
    ],
  ],
  [
    "job_queued",
    4,
    0,
    0,
    3,
    () => [
      text("messaging.system", "throughline"),
      text("queue.name", "enhancements"),
      text("messaging.operation.name", "send"),
    ],
  ],
  [
    "enhance_ticket",
    5,
    1,
    1,
    2_400,
    () => [
      text("messaging.system", "throughline"),
      text("queue.name", "enhancements"),
      int("job.attempt", 1),
      int("queue.wait_ms", random(4_000)),
      text("enhancement.status", "success"),
    ],
  ],
  [
    "context_gathering",
    1,
    1,
    2,
    180,
    () => [
      text("operation", "context_gathering"),
      int("result.ticket_history.count", random(6)),
      int("result.docs.count", random(4)),
      text("result.ip_lookup", "found"),
    ],
  ],
  [
    "context.ticket_history",
    1,
    1,
    3,
    90,
    () => [
      int("result.count", random(6)),
      { key: "cache.hit", value: { type: "bool", value: random(4) === 0 } },
      text("search.kind", "bm25"),
    ],
  ],
  [
    "SELECT ticket_history",
    3,
    1,
    4,
    60,
    () => [
      text("db.system.name", "postgresql"),
      text("db.namespace", "tickets"),
      text(
        "db.query.text",
        "SELECT id, subject, resolution FROM ticket_history WHERE tenant_id = $1 LIMIT 5",
      ),
      text("server.address", "db.internal"),
    ],
  ],
  [
    "context.documentation",
    1,
    1,
    3,
    110,
    () => [
      int("result.count", random(4)),
      { key: "cache.hit", value: { type: "bool", value: random(4) === 0 } },
      text("search.kind", "hybrid"),
    ],
  ],
  [
    "context.ip_lookup",
    1,
    1,
    3,
    20,
    () => [
      int("result.count", 1),
      text("network.peer.address", `10.${random(4)}.${random(256)}.${random(256)}`),
      text("result.ip_lookup", "found"),
    ],
  ],
  [
    "llm.openai.completion",
    3,
    1,
    2,
    1_900,
    () => [
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.provider.name", "openai"),
      text("gen_ai.request.model", "gpt-4o-mini"),
      int("gen_ai.usage.input_tokens", 800 + random(900)),
      int("gen_ai.usage.output_tokens", 100 + random(300)),
      { key: "llm.cost.usd", value: { type: "double", value: random(10_000) / 1e6 } },
    ],
  ],
  [
    "POST",
    3,
    1,
    8,
    1_880,
    () => [
      text("http.request.method", "POST"),
      text("url.full", "https://api.openai.com/v1/chat/completions"),
      int("http.response.status_code", 200),
      text("server.address", "api.openai.com"),
    ],
  ],
  [
    "api.servicedesk_plus.update_ticket",
    3,
    1,
    2,
    140,
    () => [
      text("http.request.method", "POST"),
      int("http.response.status_code", 201),
      text("desk.note.id", String(100_000 + random(900_000))),
      text("server.address", "desk.example.com"),
    ],
  ],
  [
    "POST",
    3,
    1,
    10,
    120,
    () => [
      text("http.request.method", "POST"),
      int("http.response.status_code", 201),
      int("server.port", 443),
      text("server.address", "desk.example.com"),
    ],
  ],
];

let tickets = 0;

function trace(rootStartNs: bigint, into: SpanRecord[]): Sample {
  const traceId = hexId(16);
  const spanIds = shapes.map(() => hexId(8));
  const ticketId = `TICKET-${1_000_000 + tickets++}`;
  const common = [
    text("ticket.id", ticketId),
    text("tenant.id", `tenant-${random(40)}`),
    { key: "slow_trace", value: { type: "bool" as const, value: false } },
  ];
  const fails = random(50) === 0;
  shapes.forEach(([name, kind, resource, parent, typicalMs, own], at) => {
    const start = rootStartNs + BigInt(at * 1_000_000 + random(9_000_000));
    // Now and then far beyond the typical.
    const factor = random(1_000) === 0 ? 20 : 0.5 + Math.random();
    const isFailed = fails && at === 10;
    into.push({
      traceId,
      spanId: spanIds[at] ?? "",
      parentSpanId: parent === -1 ? "" : (spanIds[parent] ?? ""),
      traceState: "",
      flags: 1,
      name,
      kind,
      startUnixNano: start,
      endUnixNano: start + BigInt(Math.round(typicalMs * factor * 1e6)),
      attributes: [...common, ...own(), int("status.code", isFailed ? 503 : 0)],
      droppedAttributesCount: 0,
      events: isFailed
        ? [
            {
              timeUnixNano: start + 5_000_000n,
              name: "exception",
              attributes: [
                text("exception.type", "DeskUnavailable"),
                text("exception.message", "the desk answered 503"),
              ],
              droppedAttributesCount: 0,
            },
          ]
        : [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      statusCode: isFailed ? 2 : 0,
      statusMessage: isFailed ? "the desk answered 503" : "",
      resource: resources[resource] as ResourceRecord,
      scope,
    });
  });
  return { traceId, ticketId };
}

/** Requests of some 500 spans each, `spans` in all. `sample` is called for one trace of each. */
export function* corpus(
  spans: number,
  hours: number,
  sample: (one: Sample) => void = () => undefined,
): Generator<CorpusRequest> {
  const traces = Math.ceil(spans / spansOfTrace);
  const endNs = BigInt(Date.now()) * 1_000_000n;
  const stepNs = (BigInt(Math.round(hours * 3_600_000)) * 1_000_000n) / BigInt(traces);
  let startNs = endNs - stepNs * BigInt(traces);
  for (let made = 0; made < traces;) {
    const records: SpanRecord[] = [];
    for (let at = 0; at < tracesOfRequest && made < traces; at++, made++) {
      const one = trace(startNs, records);
      if (at === 0) sample(one);
      startNs += stepNs;
    }
    // By resource, as senders group them.
    records.sort((a, b) => resources.indexOf(a.resource) - resources.indexOf(b.resource));
    yield { bytes: encodeBatch(records), spans: records.length };
  }
}
