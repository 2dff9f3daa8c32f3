import { createSocket } from "node:dgram";
import { expect, test, vi } from "vitest";
import {
  binaryMessage,
  binaryStruct,
  compactMessage,
  type Fields,
  oldBinaryMessage,
} from "../decode/thrift-bytes.ts";
import type { KeyValue } from "../model.ts";
import { startAllReceivers } from "./start-receivers.ts";

const traceId = "00112233445566778899aabbccddeeff";
const text = (key: string, value: string): Fields => [
  [1, "string", key],
  [2, "i32", 0],
  [3, "string", value],
];
const batch: Fields = [
  [
    1,
    "struct",
    [
      [1, "string", "shop"],
      [2, "list", ["struct", [text("hostname", "web-1"), text("jaeger.version", "Go-2.30")]]],
    ],
  ],
  [
    2,
    "list",
    [
      "struct",
      [
        [
          [1, "i64", 0x8899_aabb_ccdd_eeffn],
          [2, "i64", 0x0011_2233_4455_6677n],
          [3, "i64", 0x1111_1111_1111_1111n],
          [4, "i64", 0n],
          [5, "string", "GET /cart"],
          [
            6,
            "list",
            [
              "struct",
              [
                [
                  [1, "i32", 0],
                  [2, "i64", 0x8899_aabb_ccdd_eeffn],
                  [3, "i64", 0x0011_2233_4455_6677n],
                  [4, "i64", 0x2222_2222_2222_2222n],
                ],
                [
                  [1, "i32", 1],
                  [2, "i64", 5n],
                  [3, "i64", 0n],
                  [4, "i64", 0x3333_3333_3333_3333n],
                ],
              ],
            ],
          ],
          [7, "i32", 1],
          [8, "i64", 1_700_000_000_000_001n],
          [9, "i64", 1_500n],
          [
            10,
            "list",
            [
              "struct",
              [
                text("span.kind", "server"),
                text("password", "hunter2-not-to-be-seen"),
                [
                  [1, "string", "error"],
                  [2, "i32", 2],
                  [5, "bool", true],
                ],
                text("otel.status_description", "out of stock"),
                [
                  [1, "string", "items"],
                  [2, "i32", 3],
                  [6, "i64", -3n],
                ],
                [
                  [1, "string", "share"],
                  [2, "i32", 1],
                  [4, "double", 0.25],
                ],
                [
                  [1, "string", "raw"],
                  [2, "i32", 4],
                  [7, "string", Buffer.from([0, 255])],
                ],
              ],
            ],
          ],
          [
            11,
            "list",
            [
              "struct",
              [
                [
                  [1, "i64", 1_700_000_000_000_002n],
                  [2, "list", ["struct", [text("event", "retry"), text("attempt", "2")]]],
                ],
              ],
            ],
          ],
        ],
      ],
    ],
  ],
];
const args: Fields = [[1, "struct", batch]];
const string = (key: string, value: string): KeyValue => ({ key, value: { type: "string", value } });

/** What Jaeger's translator makes of it, redacted. */
const expected = {
  traceId,
  spanId: "1111111111111111",
  parentSpanId: "2222222222222222",
  name: "GET /cart",
  kind: 2,
  startUnixNano: 1_700_000_000_000_001_000n,
  endUnixNano: 1_700_000_000_001_501_000n,
  attributes: [
    string("password", "[REDACTED]"),
    { key: "items", value: { type: "int", value: -3n } },
    { key: "share", value: { type: "double", value: 0.25 } },
    { key: "raw", value: { type: "bytes", value: new Uint8Array([0, 255]) } },
  ],
  events: [
    {
      timeUnixNano: 1_700_000_000_000_002_000n,
      name: "retry",
      attributes: [string("attempt", "2")],
      droppedAttributesCount: 0,
    },
  ],
  links: [
    {
      traceId: "5".padStart(32, "0"),
      spanId: "3333333333333333",
      traceState: "",
      attributes: [string("opentracing.ref_type", "follows_from")],
      droppedAttributesCount: 0,
      flags: 0,
    },
  ],
  statusCode: 2,
  statusMessage: "out of stock",
  resource: {
    attributes: [
      string("service.name", "shop"),
      string("host.name", "web-1"),
      string("opencensus.exporterversion", "Jaeger-Go-2.30"),
    ],
  },
};

async function send(address: string, datagram: Buffer): Promise<void> {
  const socket = createSocket("udp4");
  const [host = "", port = ""] = address.split(":");
  await new Promise<void>((resolve, reject) =>
    socket.send(datagram, Number(port), host, (error) => (error === null ? resolve() : reject(error))),
  );
  socket.close();
}

test.each([
  ["compact, one-way", "jaegerCompact", compactMessage("emitBatch", 4, args)],
  ["compact, call", "jaegerCompact", compactMessage("emitBatch", 1, args)],
  ["binary", "jaegerBinary", binaryMessage("emitBatch", 4, args)],
  ["binary without a version word", "jaegerBinary", oldBinaryMessage("emitBatch", 4, args)],
] as const)("a datagram in Jaeger's %s form is stored, redacted", async (_form, port, datagram) => {
  const { store, addresses } = await startAllReceivers();
  await send(addresses[port], datagram);
  const trace = await vi.waitUntil(async () => (await store.reader.traces([traceId]))[0], { timeout: 5_000 });
  expect(trace).toMatchObject([expected]);
});

test("a datagram that cannot be read costs no other", async () => {
  const { store, addresses, malformed } = await startAllReceivers();
  const whole = compactMessage("emitBatch", 4, args);
  await send(addresses.jaegerCompact, whole.subarray(0, 60));
  await send(addresses.jaegerCompact, Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  await send(addresses.jaegerCompact, whole);
  const trace = await vi.waitUntil(async () => (await store.reader.traces([traceId]))[0], { timeout: 5_000 });
  expect(trace).toHaveLength(1);
  expect(malformed()).toBe(2);
});

test("a batch in Thrift over HTTP is stored, redacted", async () => {
  const { store, addresses } = await startAllReceivers();
  const answer = await fetch(`${addresses.jaegerThrift}/api/traces?format=jaeger.thrift`, {
    method: "POST",
    headers: { "content-type": "application/vnd.apache.thrift.binary" },
    body: new Uint8Array(binaryStruct(batch)),
  });
  expect([answer.status, await answer.text()]).toEqual([202, ""]);
  expect((await store.reader.traces([traceId]))[0]).toMatchObject([expected]);
});

test.each([
  ["another type", "/api/traces", "application/json", 400],
  ["a body that is no batch", "/api/traces", "application/x-thrift", 400],
  ["another path", "/api/spans", "application/x-thrift", 404],
])("Thrift over HTTP refuses %s", async (_what, path, type, status) => {
  const { addresses } = await startAllReceivers();
  const answer = await fetch(addresses.jaegerThrift + path, {
    method: "POST",
    headers: { "content-type": type },
    body: "what is this",
  });
  expect(answer.status).toBe(status);
  expect(await answer.text()).not.toBe("");
});
