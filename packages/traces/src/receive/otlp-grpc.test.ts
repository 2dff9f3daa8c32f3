import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { encodeBatch } from "../store/batch-encoding.ts";
import { exampleSpan } from "../store/example-spans.ts";
import { call, connectTo, frame } from "./grpc-call.ts";
import { startReceivers, takenPort } from "./start-receivers.ts";

const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const span = exampleSpan();
const request = encodeBatch([span]);

test("spans are stored when the call is answered; the answer is an empty message and status 0", async () => {
  const { grpcUrl, store } = await startReceivers();
  const answer = await call(connectTo(grpcUrl), path, frame(request));
  expect(answer.headers).toMatchObject({
    ":status": 200,
    "content-type": "application/grpc+proto",
    "grpc-accept-encoding": "identity,gzip,deflate,zstd",
  });
  expect(answer.body).toEqual(frame(new Uint8Array()));
  expect(answer.trailers["grpc-status"]).toBe("0");
  expect(await store.reader.traces([span.traceId])).toEqual([[span]]);
});

test("a gzip message is inflated, an uncompressed one beside grpc-encoding gzip is taken as it is", async () => {
  const { grpcUrl, store } = await startReceivers();
  const session = connectTo(grpcUrl);
  const headers = { "grpc-encoding": "gzip" };
  expect((await call(session, path, frame(gzipSync(request), 1), headers)).status).toBe("0");
  const other = encodeBatch([exampleSpan({ spanId: "2".repeat(16) })]);
  expect((await call(session, path, frame(other), headers)).status).toBe("0");
  expect((await store.reader.traces([span.traceId]))[0]).toHaveLength(2);
});

test.each([
  ["deflate", deflateSync],
  ["zstd", zstdCompressSync],
])("a message may be compressed with %s", async (encoding, compress) => {
  const { grpcUrl, store } = await startReceivers();
  const answer = await call(connectTo(grpcUrl), path, frame(compress(request), 1), {
    "grpc-encoding": encoding,
  });
  expect(answer.status).toBe("0");
  expect(await store.reader.traces([span.traceId])).toEqual([[span]]);
});

test("a call ends at its deadline, whatever becomes of its spans; a deadline that cannot be read is none", async () => {
  const { grpcUrl } = await startReceivers({
    sink: () => ({
      append: () =>
        new Promise((resolve) => setTimeout(() => resolve({ accepted: 1, rejected: 0, reason: "" }), 200)),
    }),
  });
  const session = connectTo(grpcUrl);
  const late = await call(session, path, frame(request), { "grpc-timeout": "50m" });
  expect([late.status, late.message]).toEqual(["4", expect.stringContaining("deadline")]);
  for (const timeout of ["10S", "soon"])
    expect((await call(session, path, frame(request), { "grpc-timeout": timeout })).status).toBe("0");
});

test("an empty request is a success", async () => {
  const { grpcUrl } = await startReceivers();
  expect((await call(connectTo(grpcUrl), path, frame(new Uint8Array()))).status).toBe("0");
});

test("spans with invalid ids are counted in partial_success, the others are stored", async () => {
  const { grpcUrl, store } = await startReceivers();
  const mixed = encodeBatch([span, exampleSpan({ traceId: "0".repeat(32) })]);
  const answer = await call(connectTo(grpcUrl), path, frame(mixed));
  expect(answer.status).toBe("0");
  // partial_success { rejected_spans: 1, error_message: .. }
  const partial = answer.body.subarray(7);
  expect(partial.subarray(0, 3)).toEqual(Buffer.from("080112", "hex"));
  expect(partial.subarray(4).toString()).toMatch(/^trace_id must be 16 bytes/);
  expect(store.heads.stats().rows).toBe(1);
});

test("many calls at once on one connection are answered each on its own", async () => {
  const { grpcUrl, store } = await startReceivers();
  const session = connectTo(grpcUrl);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      call(
        session,
        path,
        frame(encodeBatch([exampleSpan({ spanId: (n + 1).toString(16).padStart(16, "0") })])),
      ),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(["0"]));
  expect(store.heads.stats().rows).toBe(100);
});

test.each([
  [
    "bytes that are no protobuf",
    frame(Buffer.from("ffff", "hex")),
    {},
    "3",
    /^TL_BODY_UNREADABLE: .* at byte/,
  ],
  ["gzip that is none", frame(Buffer.from("nonsense"), 1), { "grpc-encoding": "gzip" }, "3", /not gzip/],
  [
    "an unknown encoding",
    frame(request, 1),
    { "grpc-encoding": "snappy" },
    "12",
    /identity, gzip, deflate, zstd/,
  ],
  ["a compressed message without an encoding", frame(gzipSync(request), 1), {}, "13", /does not say how/],
  ["a compressed flag of 7", frame(request, 7), {}, "13", /compressed flag/],
  ["no message", Buffer.alloc(0), {}, "13", /without a message/],
  ["a prefix cut short", Buffer.alloc(3), {}, "13", /without a message/],
  ["a message cut short", frame(request).subarray(0, 20), {}, "13", /exactly one message/],
  ["two messages", Buffer.concat([frame(request), frame(request)]), {}, "13", /exactly one message/],
])("%s ends the call with its status", async (_what, data, headers, status, message) => {
  const { grpcUrl, store } = await startReceivers();
  const answer = await call(connectTo(grpcUrl), path, data, headers);
  expect(answer).toMatchObject({ status, message: expect.stringMatching(message) });
  expect(answer.headers[":status"]).toBe(200);
  expect(store.heads.stats().rows).toBe(0);
});

test("an unknown method is UNIMPLEMENTED, told in the headers alone, its name percent-encoded", async () => {
  const { grpcUrl } = await startReceivers();
  const answer = await call(connectTo(grpcUrl), "/a.B/C%20\u00e9", frame(request));
  expect(answer.headers["grpc-status"]).toBe("12");
  expect(answer.headers["grpc-message"]).toMatch(/^unknown method \/a\.B\/C%2520(%[0-9A-F]{2})+$/);
  expect(answer.trailers).toEqual({});
});

test("what is not gRPC is told so by an HTTP status", async () => {
  const { grpcUrl } = await startReceivers();
  const session = connectTo(grpcUrl);
  const json = await call(session, path, Buffer.from("{}"), { "content-type": "application/json" });
  expect(json.headers[":status"]).toBe(415);
  const web = await call(session, path, Buffer.from("{}"), { "content-type": "application/grpc-web" });
  expect(web.headers[":status"]).toBe(415);
  const put = await call(session, path, frame(request), { ":method": "PUT" });
  expect(put.headers[":status"]).toBe(405);
});

test("a message over 64 MiB is refused, announced or after inflating", async () => {
  const { grpcUrl } = await startReceivers();
  const session = connectTo(grpcUrl);
  const announced = frame(new Uint8Array());
  announced.writeUInt32BE(64 * 1024 * 1024 + 1, 1);
  const refused = { status: "8", message: expect.stringMatching(/^TL_BODY_TOO_LARGE/) };
  expect(await call(session, path, announced)).toMatchObject(refused);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024 + 1));
  const answer = await call(session, path, frame(bomb, 1), { "grpc-encoding": "gzip" });
  expect(answer).toMatchObject(refused);
  // Final: without RetryInfo a client must not send it again.
  expect(answer.headers["grpc-status-details-bin"]).toBeUndefined();
  expect((await call(session, path, frame(request))).status).toBe("0");
});

test("over the budget of bytes a call is RESOURCE_EXHAUSTED with RetryInfo, and the bytes are free again after it", async () => {
  const { grpcUrl } = await startReceivers({ budgetBytes: 100_000 });
  const session = connectTo(grpcUrl);
  const large = encodeBatch([exampleSpan({ name: "x".repeat(150_000) })]);
  const answer = await call(session, path, frame(large));
  expect(answer.status).toBe("8");
  const details = Buffer.from(String(answer.headers["grpc-status-details-bin"]), "base64").toString("latin1");
  expect(details).toContain("type.googleapis.com/google.rpc.RetryInfo");
  for (let n = 0; n < 5; n++) {
    const fits = encodeBatch([exampleSpan({ name: "x".repeat(50_000) })]);
    expect((await call(session, path, frame(fits))).status).toBe("0");
  }
});

test("a store that cannot write is UNAVAILABLE, to be tried again", async () => {
  const { grpcUrl, store } = await startReceivers();
  await store.close();
  const answer = await call(connectTo(grpcUrl), path, frame(request));
  expect(answer).toMatchObject({ status: "14", message: expect.stringMatching(/^TL_TRACE_BACKEND_FAILED/) });
});

test("health is served for the server and for the trace service", async () => {
  const { grpcUrl } = await startReceivers();
  const session = connectTo(grpcUrl);
  const service = Buffer.from("\n\x33opentelemetry.proto.collector.trace.v1.TraceService", "latin1");
  for (const body of [Buffer.alloc(0), service]) {
    const answer = await call(session, "/grpc.health.v1.Health/Check", frame(body));
    expect(answer.body).toEqual(frame(Buffer.from("0801", "hex")));
  }
  const other = await call(session, "/grpc.health.v1.Health/Check", frame(Buffer.from("\n\x01x")));
  expect(other.status).toBe("5");
  expect((await call(session, "/grpc.health.v1.Health/Check", frame(Buffer.from("\n\x09x")))).status).toBe(
    "3",
  );
});

test("a client that gives up while sending leaves nothing held", async () => {
  const { grpcUrl } = await startReceivers({ budgetBytes: 100_000 });
  const session = connectTo(grpcUrl);
  for (let n = 0; n < 5; n++) {
    const stream = session.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
    stream.on("error", () => undefined);
    await new Promise((resolve) => stream.write(frame(new Uint8Array(60_000)).subarray(0, 50_000), resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    stream.close(8);
    await new Promise((resolve) => stream.once("close", resolve));
  }
  expect((await call(session, path, frame(request))).status).toBe("0");
});

test("stopping answers what is under way, tells clients to go away, and cuts those that never finish", async () => {
  const gates: (() => void)[] = [];
  const { grpcUrl, grpc, store } = await startReceivers({
    sink: (real) => ({
      append: async (bytes, encoding, from) => {
        await new Promise<void>((resolve) => gates.push(resolve));
        return real.append(bytes, encoding, from);
      },
    }),
  });
  const session = connectTo(grpcUrl);
  const idle = connectTo(grpcUrl);
  const told = new Promise((resolve) => idle.once("goaway", resolve));
  const underWay = call(session, path, frame(request));
  const stuck = connectTo(grpcUrl).request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
  });
  const cut = new Promise((resolve) => stuck.once("close", resolve));
  stuck.on("error", () => undefined);
  while (gates.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopped = grpc.stop(300);
  await told;
  for (const open of gates) open();
  expect((await underWay).status).toBe("0");
  await stopped;
  await cut;
  expect(store.heads.stats().rows).toBe(1);
});

test("a port that is taken rejects with the system's error", async () => {
  const port = await takenPort();
  const { grpc } = await startReceivers();
  await grpc.stop(0);
  await expect(grpc.listen("127.0.0.1", port)).rejects.toMatchObject({ code: "EADDRINUSE", port });
});

test("bytes that are no HTTP/2 end their connection alone", async () => {
  const { grpcUrl } = await startReceivers();
  await expect(fetch(grpcUrl)).rejects.toThrow("fetch failed");
  expect((await call(connectTo(grpcUrl), path, frame(request))).status).toBe("0");
});
