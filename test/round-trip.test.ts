import { createSocket } from "node:dgram";
import { connect } from "node:http2";
import { expect, test } from "vitest";
import { createRedactor } from "../packages/redaction/src/index.ts";
import { decodeOtlpJson } from "../packages/traces/src/decode/otlp-json.ts";
import { ValueRedactor } from "../packages/traces/src/ingest-redaction.ts";
import type { AttributeValue, KeyValue, SpanRecord } from "../packages/traces/src/model.ts";
import { redactSpans } from "../packages/traces/src/remote/redact-spans.ts";
import { encodeBatch } from "../packages/traces/src/store/batch-encoding.ts";
import { resourceSpans } from "../packages/traces/src/api/jaeger/otlp-json.ts";
import { start, temporaryDirectory, until } from "./harness.ts";
import { binaryDatagram, compactDatagram, thriftBatch } from "./wire/thrift.ts";
import { zipkinV1, zipkinV2 } from "./wire/zipkin.ts";

const base = (BigInt(Date.now()) - 60_000n) * 1_000_000n;
const string = (key: string, value: string): KeyValue => ({ key, value: { type: "string", value } });
const noCounts = { droppedAttributesCount: 0 };

/** One corpus; whole microseconds, so that every protocol can carry its times. Texts hold what must not stay. */
function corpusOf(trace: string): SpanRecord[] {
  const resource = (service: string) => ({
    attributes: [string("service.name", service)],
    ...noCounts,
    schemaUrl: "",
  });
  const scope = { name: "", version: "", attributes: [], ...noCounts, schemaUrl: "" };
  const span = (at: number, service: string, parts: Partial<SpanRecord>): SpanRecord => ({
    traceId: trace,
    spanId: (at + 0xa0).toString(16).padStart(16, "0"),
    parentSpanId: "",
    traceState: "",
    flags: 0,
    name: `work ${at}`,
    kind: 1,
    startUnixNano: base + BigInt(at) * 1_000n,
    endUnixNano: base + BigInt(at) * 1_000n + 5_000_000n,
    attributes: [],
    ...noCounts,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    statusCode: 0,
    statusMessage: "",
    resource: resource(service),
    scope,
    ...parts,
  });
  return [
    span(0, "shop", {
      kind: 2,
      statusCode: 1,
      attributes: [
        string("authorization", "Bearer abcdef0123456789abcdef"),
        { key: "items", value: { type: "int", value: 3n } },
        string("note", "card 4111 1111 1111 1111, key AKIAIOSFODNN7EXAMPLE"),
        { key: "share", value: { type: "double", value: 0.25 } },
        { key: "vip", value: { type: "bool", value: true } },
      ],
    }),
    span(1, "shop", {
      kind: 3,
      parentSpanId: (0xa0).toString(16).padStart(16, "0"),
      statusCode: 2,
      statusMessage: "password=hunter2-was-wrong",
      events: [{ timeUnixNano: base + 7_000n, name: "retry", attributes: [], ...noCounts }],
    }),
    span(2, "stock", { kind: 2, parentSpanId: (0xa1).toString(16).padStart(16, "0"), name: "look up" }),
  ];
}

/** What a protocol has a place for. Attributes sorted by key: those of Jaeger's and Zipkin's maps have no order. */
interface Carries {
  /** Numbers and truth values keep their types. */
  types: boolean;
}

function seen(spans: readonly SpanRecord[], { types }: Carries) {
  const value = (of: AttributeValue): unknown => {
    if (!("value" in of) || of.type === "array" || of.type === "map") return of;
    return types ? [of.type, String(of.value)] : String(of.value);
  };
  const attributes = (list: readonly KeyValue[]) =>
    Object.fromEntries(
      list.toSorted((a, b) => (a.key < b.key ? -1 : 1)).map((one) => [one.key, value(one.value)]),
    );
  return spans
    .toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1))
    .map(
      ({
        spanId,
        parentSpanId,
        name,
        kind,
        startUnixNano,
        endUnixNano,
        statusCode,
        statusMessage,
        ...span
      }) => ({
        spanId,
        parentSpanId,
        name,
        kind,
        startUnixNano,
        endUnixNano,
        statusCode,
        statusMessage,
        attributes: attributes(span.attributes),
        events: span.events.map((event) => [event.timeUnixNano, event.name]),
        service: attributes(span.resource.attributes)["service.name"],
      }),
    );
}

test(
  "one corpus in by every protocol comes out of every API as the redactor leaves it",
  { timeout: 180_000 },
  async () => {
    const backend = await start(["traces"], { data: await temporaryDirectory() });
    const post = async (
      part: string,
      path: string,
      type: string,
      body: string | Uint8Array,
    ): Promise<void> => {
      const answer = await fetch(`${backend.address(part)}${path}`, {
        method: "POST",
        headers: { "content-type": type },
        body: typeof body === "string" ? body : Uint8Array.from(body),
      });
      expect([path, answer.ok]).toEqual([path, true]);
    };
    const udp = async (part: string, datagram: Uint8Array): Promise<void> => {
      const [host = "", port = ""] = backend.address(part).split(":");
      const socket = createSocket("udp4");
      await new Promise<void>((resolve, reject) =>
        socket.send(datagram, Number(port), host, (error) => (error === null ? resolve() : reject(error))),
      );
      socket.close();
    };
    const json = (spans: readonly SpanRecord[]): string =>
      `{"resourceSpans":[${[...resourceSpans(spans)].map((pieces) => [...pieces].join("")).join()}]}`;
    /** A batch, a Zipkin service, is of one process. */
    const byResource = (spans: readonly SpanRecord[]): SpanRecord[][] => [spans.slice(0, 2), spans.slice(2)];
    const senders: [name: string, carries: Carries, send: (spans: SpanRecord[]) => Promise<void>][] = [
      ["OTLP gRPC", { types: true }, (spans) => exportGrpc(backend.address("otlpGrpc"), encodeBatch(spans))],
      [
        "OTLP protobuf",
        { types: true },
        (spans) => post("otlpHttp", "/v1/traces", "application/x-protobuf", encodeBatch(spans)),
      ],
      [
        "OTLP JSON",
        { types: true },
        (spans) => post("otlpHttp", "/v1/traces", "application/json", json(spans)),
      ],
      [
        "Zipkin v2",
        { types: false },
        (spans) => post("zipkin", "/api/v2/spans", "application/json", zipkinV2(spans)),
      ],
      [
        "Zipkin v1",
        { types: false },
        (spans) => post("zipkin", "/api/v1/spans", "application/json", zipkinV1(spans)),
      ],
      [
        "Thrift over HTTP",
        { types: true },
        async (spans) => {
          for (const own of byResource(spans))
            await post("jaegerThrift", "/api/traces", "application/x-thrift", thriftBatch(own));
        },
      ],
      [
        "Thrift, compact, UDP",
        { types: true },
        async (spans) => {
          for (const own of byResource(spans)) await udp("jaegerCompact", compactDatagram(own));
        },
      ],
      [
        "Thrift, binary, UDP",
        { types: true },
        async (spans) => {
          for (const own of byResource(spans)) await udp("jaegerBinary", binaryDatagram(own));
        },
      ],
    ];
    const redactor = new ValueRedactor(createRedactor());
    for (const [number, [name, carries, send]] of senders.entries()) {
      const trace = (number + 1).toString(16).repeat(32).slice(0, 32);
      const corpus = corpusOf(trace);
      await send(corpus);
      const expected = seen(redactSpans(corpus, redactor), carries);
      const fetched = async (path: string): Promise<Response> =>
        fetch(`${backend.address("console")}${path}`);
      await until(`${name} to be stored`, async () => {
        const answer = await fetched(`/api/throughline/traces/${trace}`);
        return answer.ok && ((await answer.json()) as { spans: unknown[] }).spans.length === corpus.length;
      });
      const v3 = (await (await fetched(`/api/v3/traces/${trace}?rawTraces=true`)).json()) as {
        result: object;
      };
      expect([name, seen(decodeOtlpJson(Buffer.from(JSON.stringify(v3.result))).spans, carries)]).toEqual([
        name,
        expected,
      ]);
      const exported = await (
        await fetched(`/api/throughline/export?where=${encodeURIComponent(":name exists")}&limit=1`)
      ).text();
      expect([name, seen(decodeOtlpJson(Buffer.from(exported)).spans, carries)]).toEqual([name, expected]);
      const legacy = (await (await fetched(`/api/traces/${trace}?raw=true`)).json()) as LegacyAnswer;
      expect([name, legacySeen(legacy, carries)]).toEqual([name, expected.map(legacyOf)]);
      const view = (await (await fetched(`/api/throughline/traces/${trace}`)).json()) as ViewAnswer;
      const rows = view.spans.map((span) => `${span.spanId} ${span.service} ${span.attributes.length}`);
      expect([name, rows.sort()]).toEqual([
        name,
        expected.map(
          ({ spanId, service, attributes }) =>
            `${spanId} ${carries.types ? (service as string[])[1] : String(service)} ${Object.keys(attributes).length}`,
        ),
      ]);
      for (const text of [JSON.stringify(v3), exported, JSON.stringify(legacy), JSON.stringify(view)])
        expect(text, name).not.toMatch(/hunter2|AKIAIOSFODNN7EXAMPLE|4111 1111|abcdef0123456789abcdef/);
    }
  },
);

interface LegacyAnswer {
  data: {
    spans: {
      spanID: string;
      operationName: string;
      startTime: number;
      duration: number;
      references: { spanID: string }[];
      tags: { key: string; type: string; value: unknown }[];
      processID: string;
    }[];
    processes: Record<string, { serviceName: string }>;
  }[];
}
interface ViewAnswer {
  spans: { spanId: string; service: string; attributes: unknown[] }[];
}

const shownFields = new Set(["span.kind", "otel.status_code", "otel.status_description", "error"]);

function legacySeen({ data: [trace] }: LegacyAnswer, { types }: Carries) {
  const names: Record<string, string> = { int64: "int", float64: "double" };
  return (trace?.spans ?? [])
    .toSorted((a, b) => (a.spanID < b.spanID ? -1 : 1))
    .map(({ spanID, operationName, startTime, duration, references, tags, processID }) => ({
      spanId: spanID,
      parent: references[0]?.spanID ?? "",
      name: operationName,
      startTime,
      duration,
      service: trace?.processes[processID]?.serviceName,
      attributes: Object.fromEntries(
        tags
          .filter(({ key }) => !shownFields.has(key))
          .toSorted((a, b) => (a.key < b.key ? -1 : 1))
          .map(({ key, type, value }) => [key, types ? [names[type] ?? type, String(value)] : String(value)]),
      ),
    }));
}

function legacyOf(span: ReturnType<typeof seen>[number]) {
  const { spanId, parentSpanId, name, startUnixNano, endUnixNano, attributes, service } = span;
  return {
    spanId,
    parent: parentSpanId,
    name,
    startTime: Number(startUnixNano / 1_000n),
    duration: Number((endUnixNano - startUnixNano) / 1_000n),
    service: Array.isArray(service) ? (service[1] as string) : service,
    attributes,
  };
}

async function exportGrpc(address: string, bytes: Uint8Array): Promise<void> {
  const session = connect(`http://${address}`);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  const status = await new Promise<string>((resolve, reject) => {
    const call = session.request({
      ":method": "POST",
      ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
      "content-type": "application/grpc",
      te: "trailers",
    });
    call.on("trailers", (trailers) => resolve(String(trailers["grpc-status"])));
    call.on("error", reject);
    call.end(Buffer.concat([head, bytes]));
    call.resume();
  });
  session.close();
  expect(status).toBe("0");
}
