/** Traces for the tests of the console, sent as any OpenTelemetry SDK sends them: OTLP over HTTP, in JSON. */

type Attributes = Record<string, string | number | boolean>;

export interface TestSpan {
  id: number;
  parent?: number;
  name?: string;
  service?: string;
  host?: string;
  /** OTLP's number. */
  kind?: number;
  /** Milliseconds after the trace's start. */
  from?: number;
  until?: number;
  error?: string;
  attributes?: Attributes;
  events?: { at: number; name: string; attributes?: Attributes }[];
  links?: { traceId: string; spanId: string }[];
}

const hex = (id: number): string => id.toString(16).padStart(16, "0");
const startMs = Date.now() - 60_000;
const nanos = (ms: number): string => String(BigInt(Math.round((startMs + ms) * 1_000)) * 1_000n);

function keyValues(attributes: Attributes = {}) {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value }
        : typeof value === "boolean"
          ? { boolValue: value }
          : { intValue: String(value) },
  }));
}

export async function sendTrace(
  otlpHttp: string,
  traceId: string,
  spans: readonly TestSpan[],
): Promise<void> {
  const byOrigin = Map.groupBy(spans, ({ service = "shop", host = "" }) => JSON.stringify([service, host]));
  const resourceSpans = Array.from(byOrigin, ([origin, own]) => {
    const [service, host] = JSON.parse(origin) as [string, string];
    const attributes = { "service.name": service, ...(host === "" ? {} : { "host.name": host }) };
    return {
      resource: { attributes: keyValues(attributes) },
      scopeSpans: [
        { scope: { name: "test", version: "1" }, spans: own.map((span) => otlpSpan(traceId, span)) },
      ],
    };
  });
  const response = await fetch(`${otlpHttp}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans }),
  });
  if (!response.ok) throw new Error(`spans were answered ${response.status}: ${await response.text()}`);
}

function otlpSpan(traceId: string, span: TestSpan): object {
  const { id, parent, name = "call", kind = 1, from = 0, until = from + 1 } = span;
  return {
    traceId,
    spanId: hex(id),
    ...(parent === undefined ? {} : { parentSpanId: hex(parent) }),
    name,
    kind,
    startTimeUnixNano: nanos(from),
    endTimeUnixNano: nanos(until),
    attributes: keyValues(span.attributes),
    events: span.events?.map(({ at, name: event, attributes }) => ({
      timeUnixNano: nanos(at),
      name: event,
      attributes: keyValues(attributes),
    })),
    links: span.links,
    ...(span.error === undefined ? {} : { status: { code: 2, message: span.error } }),
  };
}

export const shopTrace = "5".repeat(32);
export const olderTrace = "6".repeat(32);

/** An order: a message whose job fails once and is tried again, a slow query, a refused payment, a warehouse whose clock is behind. */
export const shop: readonly TestSpan[] = [
  { id: 1, name: "POST /orders", service: "web", host: "web-1", kind: 2, from: 0, until: 30 },
  {
    id: 2,
    parent: 1,
    name: "publish order",
    service: "web",
    host: "web-1",
    kind: 4,
    from: 10,
    until: 20,
    attributes: { "messaging.system": "redis" },
  },
  {
    id: 3,
    parent: 2,
    name: "take order",
    service: "worker",
    host: "worker-1",
    kind: 5,
    from: 100,
    until: 300,
    error: "the payment was refused",
  },
  {
    id: 4,
    parent: 3,
    name: "charge card",
    service: "worker",
    host: "worker-1",
    kind: 3,
    from: 120,
    until: 290,
    error: "402 Payment Required",
    attributes: { "error.type": "PaymentError", "http.response.status_code": 402 },
    events: [
      {
        at: 280,
        name: "exception",
        attributes: {
          "exception.type": "PaymentError",
          "exception.message": "402 Payment Required",
          "exception.stacktrace":
            "PaymentError: 402 Payment Required\n    at charge (card.ts:12:3)\n    at take (order.ts:40:9)",
        },
      },
    ],
  },
  {
    id: 5,
    parent: 2,
    name: "take order",
    service: "worker",
    host: "worker-1",
    kind: 5,
    from: 400,
    until: 980,
  },
  {
    id: 6,
    parent: 5,
    name: "SELECT stock",
    service: "worker",
    host: "worker-1",
    kind: 3,
    from: 410,
    until: 830,
    attributes: { "db.system": "postgresql", "db.rows": 7 },
    links: [{ traceId: olderTrace, spanId: hex(1) }],
  },
  { id: 7, parent: 5, name: "reserve", service: "worker", host: "worker-1", kind: 3, from: 840, until: 960 },
  {
    id: 8,
    parent: 7,
    name: "POST /reserve",
    service: "warehouse",
    host: "warehouse-1",
    kind: 2,
    from: 700,
    until: 800,
  },
];

/** The order as it was the day before: quicker, and with another step. */
export const olderShop: readonly TestSpan[] = [
  { id: 1, name: "POST /orders", service: "web", kind: 2, from: 0, until: 30 },
  { id: 2, parent: 1, name: "publish order", service: "web", kind: 4, from: 10, until: 20 },
  { id: 3, parent: 2, name: "take order", service: "worker", kind: 5, from: 40, until: 290 },
  { id: 4, parent: 3, name: "SELECT stock", service: "worker", kind: 3, from: 50, until: 90 },
  { id: 5, parent: 3, name: "check voucher", service: "worker", kind: 1, from: 100, until: 110 },
];

export const hostileTrace = "7".repeat(32);
export const crowdedTrace = "8".repeat(32);
const script = `<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>`;

/** What no sender should send, and some do. */
export const hostile: readonly TestSpan[] = [
  { id: 1, name: script, service: `"><svg onload=window.pwned=1>`, from: 0, until: 100 },
  { id: 2, parent: 1, name: "\u202Egnirts a sdrawkcab", service: "עברית", from: 1, until: 50 },
  { id: 3, parent: 1, name: "", service: "", from: 2, until: 2 },
  { id: 4, parent: 1, name: "before itself", from: 60, until: 40 },
  { id: 5, parent: 404, name: "nobody's child", from: 5, until: 10 },
  { id: 6, parent: 7, name: "hen", from: 6, until: 8 },
  { id: 7, parent: 6, name: "egg", from: 7, until: 9 },
  { id: 8, parent: 8, name: "its own parent", from: 7, until: 9 },
  { id: 9, parent: 1, name: "n".repeat(100_000), from: 10, until: 20 },
  {
    id: 10,
    parent: 1,
    name: "large",
    from: 11,
    until: 30,
    error: script,
    attributes: {
      megabyte: "m".repeat(1_000_000),
      [script]: script,
      "line\nbreak": "a\r\n\tb",
      constructor: "c",
      __proto: "d",
    },
    events: [{ at: 12, name: script, attributes: { "exception.message": script } }],
  },
  { id: 11, parent: 1, name: "a\u0000b\u0007c", from: 20, until: 21, attributes: { "": "no key" } },
];

export const crowded: readonly TestSpan[] = Array.from({ length: 10_000 }, (_, at) => ({
  id: at + 1,
  ...(at === 0 ? {} : { parent: 1 }),
  name: `call ${at}`,
  service: `service ${at}`,
  from: at / 10,
  until: at / 10 + 5,
}));

export function chain(count: number): TestSpan[] {
  return Array.from({ length: count }, (_, at) => ({
    id: at + 1,
    ...(at === 0 ? {} : { parent: at }),
    name: `level ${at}`,
    from: 0,
    until: 1_000,
  }));
}
