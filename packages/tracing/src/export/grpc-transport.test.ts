import { createServer, type IncomingHttpHeaders } from "node:http2";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import {
  endWith,
  fail,
  framed,
  type GrpcHandler,
  retryInfo,
  startGrpc,
  succeed,
} from "../../test/grpc-receiver.ts";
import { listen } from "../../test/listen.ts";
import { addressOf, Wire } from "../../test/otlp-client.ts";

const wire = new Wire();
afterEach(() => wire.close());

const serve = (handle: GrpcHandler) => wire.serve(startGrpc(handle));
const spans = new Uint8Array([10, 0]);
const soon = () => Date.now() + 1_500;

test("a call carries the spans, the given metadata and who sends it", async () => {
  let seen: IncomingHttpHeaders = {};
  const server = await serve((stream, headers) => {
    seen = headers;
    succeed(stream);
  });
  const headers = {
    authorization: "Bearer abc",
    "X-Trace-Bin": "AQID",
    ":path": "/evil",
    "grpc-timeout": "1n",
    te: "x",
  };
  expect(await wire.transportTo("grpc", server, { headers }).send(spans, soon())).toEqual({
    kind: "taken",
    rejected: 0,
    message: "",
  });
  expect(seen).toMatchObject({
    ":method": "POST",
    ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "content-type": "application/grpc",
    te: "trailers",
    authorization: "Bearer abc",
    "x-trace-bin": "AQID",
  });
  expect(seen["user-agent"]).toMatch(/^OTel-OTLP-Exporter-JavaScript\/\d\S* throughline-tracing/);
  expect(seen["grpc-timeout"]).toMatch(/^\d{3,4}m$/);
  expect(server.bodies).toEqual([framed(spans)]);
});

test("a compressed call says so, and an answer may be compressed as well", async () => {
  const partial = new Uint8Array([10, 7, 8, 3, 18, 3, 98, 97, 100]);
  const server = await serve((stream, headers) => {
    expect(headers["grpc-encoding"]).toBe("gzip");
    expect(headers["grpc-accept-encoding"]).toContain("gzip");
    endWith(stream, framed(gzipSync(partial), true), { "grpc-status": "0" }, { "grpc-encoding": "gzip" });
  });
  const outcome = await wire.transportTo("grpc", server, { compression: "gzip" }).send(spans, soon());
  expect(outcome).toEqual({ kind: "taken", rejected: 3, message: "bad" });
  const [sent] = server.bodies;
  expect(sent?.[0]).toBe(1);
  expect(new Uint8Array(gunzipSync(sent?.subarray(5) ?? ""))).toEqual(spans);
});

test("a large request arrives whole", async () => {
  const server = await serve(succeed);
  const large = Uint8Array.from({ length: 5_000_000 }, (_, at) => at);
  expect((await wire.transportTo("grpc", server).send(large, soon())).kind).toBe("taken");
  const [sent] = server.bodies;
  expect(sent?.readUInt32BE(1)).toBe(large.length);
  expect(sent?.subarray(5).equals(large)).toBe(true);
});

test("one connection serves many calls, and a receiver that moved is found again", async () => {
  const [first, second] = [
    await serve((stream) => succeed(stream)),
    await serve((stream) => succeed(stream)),
  ];
  let current = first;
  const transport = wire.transportTo("grpc", first, { endpoint: () => addressOf("grpc", current.port) });
  await Promise.all([1, 2, 3].map(() => transport.send(spans, soon())));
  expect([first.connections(), first.calls()]).toEqual([1, 3]);
  current = second;
  expect((await transport.send(spans, soon())).kind).toBe("taken");
  expect(second.calls()).toBe(1);
});

test.each([1, 4, 10, 11, 14, 15])("status %i is tried again", async (status) => {
  const server = await serve((stream, _, call) => (call === 1 ? fail(stream, status) : succeed(stream)));
  expect((await wire.transportTo("grpc", server).send(spans, soon())).kind).toBe("taken");
  expect(server.calls()).toBe(2);
});

test.each([2, 3, 5, 6, 7, 8, 9, 12, 13, 16, 99])(
  "status %i is final, and told in the server's words",
  async (status) => {
    const server = await serve((stream) => fail(stream, status, { "grpc-message": "no%20id%0a%" }));
    expect(await wire.transportTo("grpc", server).send(spans, soon())).toEqual({
      kind: "refused",
      reason: `127.0.0.1:${server.port}: gRPC status ${status} no%20id%0a%`,
    });
    expect(server.calls()).toBe(1);
  },
);

test("a message is percent-decoded, and no line of a log can be forged with it", async () => {
  const server = await serve((stream) => fail(stream, 3, { "grpc-message": "na%C3%AFve%0Aid" }));
  expect(await wire.transportTo("grpc", server).send(spans, soon())).toHaveProperty(
    "reason",
    `127.0.0.1:${server.port}: gRPC status 3 naïve id`,
  );
});

test.each([14, 8])("status %i with RetryInfo waits at least so long", async (status) => {
  const times: number[] = [];
  const server = await serve((stream, _, call) => {
    times.push(Date.now());
    if (call === 1) fail(stream, status, retryInfo(6));
    else succeed(stream);
  });
  expect((await wire.transportTo("grpc", server).send(spans, soon())).kind).toBe("taken");
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(600);
});

test("a wish to wait past the deadline ends the sending at once", async () => {
  const server = await serve((stream) => fail(stream, 14, retryInfo(99)));
  const began = Date.now();
  expect((await wire.transportTo("grpc", server).send(spans, soon())).kind).toBe("unreachable");
  expect(Date.now() - began).toBeLessThan(500);
});

test("details that are garbage ask for nothing", async () => {
  const server = await serve((stream) => fail(stream, 8, { "grpc-status-details-bin": "////" }));
  expect((await wire.transportTo("grpc", server).send(spans, soon())).kind).toBe("refused");
});

test("a receiver that is not there is tried until the deadline", async () => {
  const server = await listen(createServer());
  await server.close();
  const outcome = await wire.transportTo("grpc", server).send(spans, Date.now() + 400);
  expect(outcome).toEqual({
    kind: "unreachable",
    reason: `127.0.0.1:${server.port}: connect ECONNREFUSED 127.0.0.1:${server.port}`,
  });
});

test("closing ends a retry that waits, and soon a call under way", async () => {
  const failing = await serve((stream) => fail(stream, 14, retryInfo(990)));
  const waiting = wire.transportTo("grpc", failing);
  const retry = waiting.send(spans, Number.POSITIVE_INFINITY);
  const silent = await serve(() => {});
  const asking = wire.transportTo("grpc", silent, { requestTimeoutMs: 0 });
  const request = asking.send(spans, Number.POSITIVE_INFINITY);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const began = Date.now();
  await waiting.close();
  expect((await retry).kind).toBe("unreachable");
  expect(Date.now() - began).toBeLessThan(200);
  await asking.close();
  expect((await request).kind).toBe("unreachable");
  expect(Date.now() - began).toBeLessThan(1_000);
  expect(await waiting.send(spans, soon())).toEqual({
    kind: "unreachable",
    reason: "the exporter is closed",
  });
});

test("a call that cannot be made is refused at once", async () => {
  const server = await serve((stream) => succeed(stream));
  for (const options of [
    { headers: { "x y": "1" } },
    { headers: { x: "a\nb" } },
    { endpoint: () => "ftp://127.0.0.1" },
    { endpoint: () => "nowhere" },
  ]) {
    const began = Date.now();
    expect((await wire.transportTo("grpc", server, options).send(spans, soon())).kind).toBe("refused");
    expect(Date.now() - began).toBeLessThan(500);
  }
});
