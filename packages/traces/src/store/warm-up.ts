import { decodeIntoHead } from "../decode/otlp-columns.ts";
import type { ValueCleaner } from "../ingest-redaction.ts";
import type { AttributeValue, KeyValue, SpanKind, SpanRecord } from "../model.ts";
import { encodeBatch } from "./batch-encoding.ts";
import { Head } from "./head/head.ts";
import { WalRecord } from "./wal.ts";

const slices = 40;
const spansOfSlice = 20;
/** Of which so many are of one trace. */
const spansOfTrace = 10;
const startMs = 1_700_000_000_000;
const size = { rows: slices * spansOfSlice, items: 20_000, bytes: 1 << 20 };

/**
 * The first request of a process would wait until what it runs is compiled (some 60 ms). That is run before it comes, slice by slice, on
 * spans of our own: into a head that nobody sees, and a record that is not written. Nothing of it is kept. Returns how to end it early.
 */
export function warmUp(cleaner: ValueCleaner): () => void {
  const work = slicesOfWork(cleaner);
  let isOver = false;
  const slice = (): void => {
    // Requests that have come meanwhile go first.
    if (!isOver && work.next().done !== true) setImmediate(slice);
  };
  setImmediate(slice);
  return () => (isOver = true);
}

function* slicesOfWork(cleaner: ValueCleaner): Generator<void, undefined> {
  const head = new Head(size, cleaner, 1);
  const record = new WalRecord();
  for (let slice = 0; slice < slices; slice++) {
    const before = { ...head.counts };
    decodeIntoHead(encodeBatch(exampleSpans(slice)), head);
    record.write(head.columns, before, head.counts, startMs);
    head.columns.publish(head.counts);
    yield;
  }
}

function exampleSpans(slice: number): SpanRecord[] {
  const resource = {
    attributes: [
      attribute("service.name", "warm-up"),
      attribute("service.instance.id", `instance-${slice % 3}`),
    ],
    droppedAttributesCount: 0,
    schemaUrl: "https://opentelemetry.io/schemas/1.27.0",
  };
  const scope = {
    name: "warm-up",
    version: "1.0.0",
    attributes: [],
    droppedAttributesCount: 0,
    schemaUrl: "",
  };
  return Array.from({ length: spansOfSlice }, (_, at): SpanRecord => {
    const number = slice * spansOfSlice + at + 1;
    const isRoot = at % spansOfTrace === 0;
    const startUnixNano = BigInt(startMs) * 1_000_000n + BigInt(number);
    return {
      traceId: hex(Math.ceil((at + 1) / spansOfTrace) + slice * 1_000, 32),
      spanId: hex(number, 16),
      parentSpanId: isRoot ? "" : hex(number - 1, 16),
      traceState: isRoot ? "" : "ot=th:8",
      flags: 1,
      name: `operation ${at % 7}`,
      kind: ((at % 5) + 1) as SpanKind,
      startUnixNano,
      endUnixNano: startUnixNano + BigInt(number * 1_000),
      statusCode: at % 10 === 3 ? 2 : 0,
      statusMessage: at % 10 === 3 ? "the other side did not answer in time" : "",
      attributes: [
        attribute("http.request.method", "POST"),
        attribute("http.route", `/orders/{id}/lines/${at % 3}`),
        attribute("url.full", `https://shop.example/orders/${number}?page=${at}`),
        attribute("order.id", `ORDER-${number}`),
        attribute("db.query.text", "SELECT id, subject FROM orders WHERE tenant_id = $1 ORDER BY id LIMIT 5"),
        { key: "http.response.status_code", value: { type: "int", value: BigInt(200 + (at % 5)) } },
        { key: "cache.hit", value: { type: "bool", value: at % 2 === 0 } },
        { key: "load", value: { type: "double", value: number / 7 } },
        // Names of secrets, where none is: the long look of the redactor.
        { key: "gen_ai.usage.output_tokens", value: { type: "int", value: BigInt(number) } },
        attribute(
          "note",
          `page ${number}: basics of authors=${at}, keys=${slice} of task-list-${number}-eu-central`,
        ),
        { key: "labels", value: { type: "array", value: [text("a"), text(`label ${at}`)] } },
      ],
      droppedAttributesCount: 0,
      events: isRoot
        ? [
            {
              name: "retry",
              timeUnixNano: startUnixNano,
              attributes: [attribute("reason", `reason ${at}`)],
              droppedAttributesCount: 0,
            },
          ]
        : [],
      droppedEventsCount: 0,
      links: [],
      droppedLinksCount: 0,
      resource,
      scope,
    };
  });
}

function attribute(key: string, value: string): KeyValue {
  return { key, value: text(value) };
}

function text(value: string): AttributeValue {
  return { type: "string", value };
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
