/** Traces for the benchmark of the console: a tree as services make it, and a chain in which each span calls the next. */
import type { KeyValue, SpanRecord } from "../packages/traces/src/model.ts";
import { encodeBatch } from "../packages/traces/src/store/batch-encoding.ts";

const spansOfRequest = 2_000;
const childrenAtMost = 12;
const services = [
  "frontend",
  "gateway",
  "checkout",
  "payment",
  "stock",
  "shipping",
  "search",
  "users",
  "mail",
  "prices",
];
const operations = [
  "GET /items",
  "POST /orders",
  "SELECT items",
  "redis GET",
  "render",
  "authorise",
  "publish",
];

export const text = (key: string, value: string): KeyValue => ({ key, value: { type: "string", value } });
const int = (key: string, value: number): KeyValue => ({ key, value: { type: "int", value: BigInt(value) } });
const idOf = (at: number): string => (at + 1).toString(16).padStart(16, "0");

const resources = services.map((name) => ({
  attributes: [text("service.name", name), text("host.name", `${name}-0`), text("service.version", "1.4.2")],
  droppedAttributesCount: 0,
  schemaUrl: "",
}));
const scope = { name: "bench", version: "1", attributes: [], droppedAttributesCount: 0, schemaUrl: "" };

/** The same numbers in every run. */
function* numbers(): Generator<number, never> {
  for (let state = 42; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** Spans of one trace that ended just now: `tree`, or a `chain` as deep as it is long. */
export function traceOf(
  traceId: string,
  count: number,
  shape: "tree" | "chain",
  more: readonly KeyValue[] = [],
): SpanRecord[] {
  const random = numbers();
  const below = (limit: number): number => Math.floor(random.next().value * limit);
  const lengthNs = 60_000_000_000;
  const first = BigInt(Date.now() - 61_000) * 1_000_000n;
  const starts = [0];
  const ends = [lengthNs];
  const spans: SpanRecord[] = [];
  for (let at = 0; at < count; at++) {
    const parent =
      at === 0 ? -1 : shape === "chain" ? at - 1 : Math.floor((at - 1) / (2 + (at % childrenAtMost) / 2));
    if (at > 0) {
      const [from, until] = [starts[parent] ?? 0, ends[parent] ?? 0];
      const length =
        shape === "chain" ? until - from - 2_000 : (until - from) * (0.1 + random.next().value * 0.5);
      const start = shape === "chain" ? from + 1_000 : from + (until - from - length) * random.next().value;
      starts.push(start);
      ends.push(start + length);
    }
    const service = at === 0 ? 0 : below(services.length);
    const failed = below(200) === 0;
    const start = first + BigInt(Math.floor(starts[at] ?? 0));
    spans.push({
      traceId,
      spanId: idOf(at),
      parentSpanId: parent < 0 ? "" : idOf(parent),
      traceState: "",
      flags: 1,
      name: operations[below(operations.length)] ?? "",
      kind: at === 0 ? 2 : 3,
      startUnixNano: start,
      endUnixNano: first + BigInt(Math.floor(ends[at] ?? 0)),
      attributes: [
        text("http.request.method", "GET"),
        text("url.path", `/items/${below(5_000)}`),
        int("http.response.status_code", failed ? 500 : 200),
        text("enduser.id", `user-${below(20_000)}`),
        text("request.id", `${at.toString(36)}-${below(1e9).toString(36)}`),
        int("db.rows", below(100)),
        ...more,
      ],
      droppedAttributesCount: 0,
      events: failed
        ? [
            {
              timeUnixNano: start,
              name: "exception",
              attributes: [
                text("exception.type", "TimeoutError"),
                text("exception.message", "it took too long"),
              ],
              droppedAttributesCount: 0,
            },
          ]
        : [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      statusCode: failed ? 2 : 0,
      statusMessage: failed ? "it took too long" : "",
      resource: resources[service] ?? (resources[0] as SpanRecord["resource"]),
      scope,
    });
  }
  return spans;
}

/** Sends spans as OTLP over HTTP. */
export async function send(otlpHttp: string, spans: readonly SpanRecord[]): Promise<void> {
  for (let from = 0; from < spans.length; from += spansOfRequest) {
    const response = await fetch(`${otlpHttp}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body: encodeBatch(spans.slice(from, from + spansOfRequest)),
    });
    if (!response.ok) throw new Error(`spans were answered ${response.status}: ${await response.text()}`);
  }
}
