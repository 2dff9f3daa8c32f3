import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { binaryValue } from "../decode/thrift-bytes.ts";
import { ProtobufWriter } from "../decode/protobuf-writer.ts";
import type { KeyValue } from "../model.ts";
import { startAllReceivers } from "./start-receivers.ts";

const traceId = "00112233445566778899aabbccddeeff";
const string = (key: string, value: string): KeyValue => ({ key, value: { type: "string", value } });
const int = (key: string, value: bigint): KeyValue => ({ key, value: { type: "int", value } });

const span = {
  traceId: traceId.toUpperCase(),
  id: "1",
  parentId: "2222222222222222",
  kind: "CLIENT",
  name: "get /cart",
  timestamp: 1_700_000_000_000_001,
  duration: 1_500,
  localEndpoint: { serviceName: "shop", ipv4: "10.0.0.1", port: 8080 },
  remoteEndpoint: { serviceName: "stock", ipv6: "2001:db8::1", port: 443 },
  annotations: [
    { timestamp: 1_700_000_000_000_002, value: "retry" },
    { timestamp: 1_700_000_000_000_003, value: 'cache.miss|{"key":"a|b","size":3}|1' },
  ],
  tags: {
    "http.method": "GET",
    "host.name": "web-1",
    password: "hunter2-not-to-be-seen",
    "otel.scope.name": "io.shop",
    "otel.status_code": "Error",
    "otel.status_description": "refused",
    error: "",
    "w3c.tracestate": "a=b",
    "otlp.link.0": '99999999999999999999999999999999|3333333333333333|x=y|{"why":"batch"}|0',
  },
  debug: true,
  shared: false,
};
const expected = {
  traceId,
  spanId: "0000000000000001",
  parentSpanId: "2222222222222222",
  traceState: "a=b",
  name: "get /cart",
  kind: 3,
  startUnixNano: 1_700_000_000_000_001_000n,
  endUnixNano: 1_700_000_000_001_501_000n,
  attributes: [
    string("http.method", "GET"),
    string("password", "[REDACTED]"),
    string("error", ""),
    string("network.local.address", "10.0.0.1"),
    int("net.host.port", 8080n),
    string("service.peer.name", "stock"),
    string("network.peer.address", "2001:db8::1"),
    int("net.peer.port", 443n),
  ],
  events: [
    {
      timeUnixNano: 1_700_000_000_000_002_000n,
      name: "retry",
      attributes: [],
      droppedAttributesCount: 0,
    },
    {
      timeUnixNano: 1_700_000_000_000_003_000n,
      name: "cache.miss",
      attributes: [string("key", "a|b"), int("size", 3n)],
      droppedAttributesCount: 1,
    },
  ],
  links: [
    {
      traceId: "9".repeat(32),
      spanId: "3".repeat(16),
      traceState: "x=y",
      attributes: [string("why", "batch")],
      droppedAttributesCount: 0,
      flags: 0,
    },
  ],
  statusCode: 2,
  statusMessage: "refused",
  resource: { attributes: [string("service.name", "shop"), string("host.name", "web-1")] },
  scope: { name: "io.shop" },
};

function post(url: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  return fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
}

test("spans of version 2 in JSON are stored, redacted, as OpenTelemetry's translator reads them", async () => {
  const { store, addresses } = await startAllReceivers();
  const answer = await post(`${addresses.zipkin}/api/v2/spans`, JSON.stringify([span]));
  expect([answer.status, await answer.text()]).toEqual([202, ""]);
  expect((await store.reader.traces([traceId]))[0]).toMatchObject([expected]);
});

test.each([
  ["gzip", gzipSync],
  ["deflate", deflateSync],
])("a body may be compressed with %s", async (coding, compress) => {
  const { store, addresses } = await startAllReceivers();
  const body = new Uint8Array(compress(JSON.stringify([span])));
  const answer = await post(`${addresses.zipkin}/api/v2/spans`, body, { "content-encoding": coding });
  expect(answer.status).toBe(202);
  expect((await store.reader.traces([traceId]))[0]).toHaveLength(1);
});

test("a span without times begins at the epoch and says so; one without anything else is taken too", async () => {
  const { store, addresses } = await startAllReceivers();
  await post(`${addresses.zipkin}/api/v2/spans`, '[{"traceId":"a","id":"b"}]');
  const [trace] = await store.reader.traces(["a".padStart(32, "0")]);
  expect(trace).toMatchObject([
    {
      spanId: "b".padStart(16, "0"),
      parentSpanId: "",
      kind: 0,
      startUnixNano: 0n,
      endUnixNano: 0n,
      attributes: [{ key: "otel.zipkin.absentField.startTime", value: { type: "bool", value: true } }],
      statusCode: 0,
    },
  ]);
});

test("spans of version 2 in protobuf are the same", async () => {
  const { store, addresses } = await startAllReceivers();
  const writer = new ProtobufWriter(512);
  writer.message(1, () => {
    writer.bytesField(1, Buffer.from(traceId, "hex"));
    writer.bytesField(3, Buffer.from("0000000000000001", "hex"));
    writer.uint32(4, 2);
    writer.string(5, "get /cart");
    writer.fixed64(6, 1_700_000_000_000_001n);
    writer.uint32(7, 1_500);
    writer.message(8, () => {
      writer.string(1, "shop");
      writer.bytesField(2, Buffer.from([10, 0, 0, 1]));
      writer.uint32(4, 8080);
    });
    writer.message(10, () => {
      writer.fixed64(1, 1_700_000_000_000_002n);
      writer.string(2, "retry");
    });
    writer.message(11, () => {
      writer.string(1, "http.method");
      writer.string(2, "GET");
    });
  });
  const answer = await post(`${addresses.zipkin}/api/v2/spans`, writer.finish(), {
    "content-type": "application/x-protobuf",
  });
  expect(answer.status).toBe(202);
  expect((await store.reader.traces([traceId]))[0]).toMatchObject([
    {
      spanId: "0000000000000001",
      kind: 2,
      name: "get /cart",
      startUnixNano: 1_700_000_000_000_001_000n,
      endUnixNano: 1_700_000_000_001_501_000n,
      attributes: [
        string("http.method", "GET"),
        string("network.local.address", "10.0.0.1"),
        int("net.host.port", 8080n),
      ],
      events: [{ name: "retry" }],
    },
  ]);
});

const ofVersion1 = {
  spanId: "0000000000000001",
  kind: 2,
  name: "get /cart",
  startUnixNano: 1_700_000_000_000_001_000n,
  endUnixNano: 1_700_000_000_001_501_000n,
  attributes: [string("component", "servlet"), string("http.status_code", "503")],
  events: [{ name: "retry" }],
  statusCode: 2,
  resource: { attributes: [string("service.name", "shop"), string("ipv4", "10.0.0.1"), int("port", 8080n)] },
};

test("spans of version 1 in JSON get kind, service and times from their annotations", async () => {
  const { store, addresses } = await startAllReceivers();
  const endpoint = { serviceName: "shop", ipv4: "10.0.0.1", port: 8080 };
  const answer = await post(
    `${addresses.zipkin}/api/v1/spans`,
    JSON.stringify([
      {
        traceId,
        id: "0000000000000001",
        name: "get /cart",
        annotations: [
          { timestamp: 1_700_000_000_000_001, value: "sr", endpoint },
          { timestamp: 1_700_000_000_000_002, value: "retry", endpoint },
          { timestamp: 1_700_000_000_001_501, value: "ss", endpoint },
        ],
        binaryAnnotations: [
          { key: "lc", value: "servlet", endpoint },
          { key: "http.status_code", value: "503", endpoint },
        ],
      },
    ]),
  );
  expect(answer.status).toBe(202);
  expect((await store.reader.traces([traceId]))[0]).toMatchObject([ofVersion1]);
});

test("spans of version 1 in Thrift are the same", async () => {
  const { store, addresses } = await startAllReceivers();
  const endpoint = [
    [1, "i32", 0x0a00_0001],
    [2, "i16", 8080],
    [3, "string", "shop"],
  ] as const;
  const annotation = (time: bigint, value: string) =>
    [
      [1, "i64", time],
      [2, "string", value],
      [3, "struct", endpoint],
    ] as const;
  const tag = (key: string, value: string) =>
    [
      [1, "string", key],
      [2, "string", value],
      [3, "i32", 6],
      [4, "struct", endpoint],
    ] as const;
  const body = binaryValue([
    "list",
    [
      "struct",
      [
        [
          [1, "i64", 0x8899_aabb_ccdd_eeffn],
          [3, "string", "get /cart"],
          [4, "i64", 1n],
          [
            6,
            "list",
            [
              "struct",
              [
                annotation(1_700_000_000_000_001n, "sr"),
                annotation(1_700_000_000_000_002n, "retry"),
                annotation(1_700_000_000_001_501n, "ss"),
              ],
            ],
          ],
          [8, "list", ["struct", [tag("lc", "servlet"), tag("http.status_code", "503")]]],
          [12, "i64", 0x0011_2233_4455_6677n],
        ],
      ],
    ],
  ]);
  const answer = await post(`${addresses.zipkin}/api/v1/spans`, new Uint8Array(body), {
    "content-type": "application/x-thrift",
  });
  expect(answer.status).toBe(202);
  expect((await store.reader.traces([traceId]))[0]).toMatchObject([ofVersion1]);
});

test.each([
  ["no JSON", "nothing"],
  ["no list", "{}"],
  ["a span without an id", '[{"traceId":"a"}]'],
  ["an id that is zero", '[{"traceId":"a","id":"0"}]'],
  ["an id that is too long", `[{"traceId":"${"a".repeat(33)}","id":"b"}]`],
  ["a negative duration", '[{"traceId":"a","id":"b","duration":-1}]'],
  ["a tag that is an object", '[{"traceId":"a","id":"b","tags":{"c":{}}}]'],
])("a request with %s is refused whole, in words that do not repeat it", async (_what, body) => {
  const { store, addresses } = await startAllReceivers();
  const answer = await post(`${addresses.zipkin}/api/v2/spans`, body);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toMatch(
    /^TL_BODY_UNREADABLE: The request is no list of Zipkin spans in JSON: /,
  );
  expect(await store.reader.services()).toEqual([]);
});

test("an empty list is fine, and another method is not", async () => {
  const { addresses } = await startAllReceivers();
  expect((await post(`${addresses.zipkin}/api/v2/spans`, "[]")).status).toBe(202);
  expect((await fetch(`${addresses.zipkin}/api/v2/spans`)).status).toBe(405);
});
