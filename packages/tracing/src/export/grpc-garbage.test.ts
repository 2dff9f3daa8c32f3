import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer as createTcpServer } from "node:net";
import { afterEach, expect, test } from "vitest";
import {
  endWith,
  framed,
  type GrpcHandler,
  grpcHeaders,
  startGrpc,
  succeed,
} from "../../test/grpc-receiver.ts";
import { listen } from "../../test/listen.ts";
import { Wire } from "../../test/otlp-client.ts";

const wire = new Wire();
afterEach(() => wire.close());

const serve = (handle: GrpcHandler) => wire.serve(startGrpc(handle));
const spans = new Uint8Array([10, 0]);
const soon = () => Date.now() + 1_500;

const garbage: readonly (readonly [string, (stream: ServerHttp2Stream) => void, string])[] = [
  [
    "a status that is no number",
    (stream) => endWith(stream, framed(spans), { "grpc-status": "ok" }),
    "status ok",
  ],
  [
    "no status",
    (stream) => endWith(stream, framed(spans), { "x-other": "1" }),
    "answered without a gRPC status",
  ],
  [
    "a page of a proxy",
    (stream) => {
      stream.respond({ ":status": 200, "content-type": "text/html" });
      stream.end("<html>");
    },
    "did not answer as gRPC: its content type is text/html",
  ],
  [
    "HTTP 404",
    (stream) => stream.respond({ ":status": 404 }, { endStream: true }),
    "did not answer as gRPC: HTTP 404",
  ],
  [
    "half a frame",
    (stream) => endWith(stream, Buffer.from([0, 0]), { "grpc-status": "0" }),
    "not one gRPC message",
  ],
  [
    "a frame that is too long",
    (stream) => endWith(stream, Buffer.from([0, 0, 0, 0, 9, 1]), { "grpc-status": "0" }),
    "not one gRPC message",
  ],
  [
    "a compression that nobody asked for",
    (stream) => endWith(stream, framed(spans, true), { "grpc-status": "0" }),
    "compression was not asked for",
  ],
  [
    "a message of another kind",
    (stream) => endWith(stream, framed(Buffer.from("<html>")), { "grpc-status": "0" }),
    "the answer is not OTLP",
  ],
];

test.each(garbage)("an answer with %s is refused", async (_, handle, reason) => {
  const server = await serve(handle);
  const outcome = await wire.transportTo("grpc", server).send(spans, soon());
  expect(outcome).toMatchObject({ kind: "refused", reason: expect.stringContaining(reason) as string });
  expect(server.calls()).toBe(1);
});

test("an answer over 4 MiB is refused, and not read to its end", async () => {
  let written = 0;
  const server = await serve((stream) => {
    stream.respond(grpcHeaders);
    const more = () => {
      while (!stream.destroyed && stream.write(Buffer.alloc(65_536))) written += 65_536;
    };
    stream.on("drain", more);
    more();
  });
  const outcome = await wire.transportTo("grpc", server).send(spans, Date.now() + 4_000);
  expect(outcome).toEqual({
    kind: "refused",
    reason: `127.0.0.1:${server.port}: the answer is over 4194304 bytes`,
  });
  expect(written).toBeLessThan(32 * 1024 * 1024);
});

const breaks: readonly (readonly [
  string,
  (stream: ServerHttp2Stream, session: ServerHttp2Session | undefined) => void,
])[] = [
  ["refuses the stream", (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)],
  ["cancels the stream", (stream) => stream.close(constants.NGHTTP2_CANCEL)],
  [
    "says goodbye with an error",
    (_, session) => session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM),
  ],
  ["drops the connection", (_, session) => session?.socket.destroy()],
  [
    "drops the connection in the middle of its answer",
    (stream, session) => {
      stream.respond(grpcHeaders);
      stream.write(Buffer.from([0, 0, 0]));
      setTimeout(() => session?.destroy(), 20);
    },
  ],
  ["answers with 503", (stream) => stream.respond({ ":status": 503 }, { endStream: true })],
  ["says nothing", () => {}],
];

test.each(breaks)("a server that %s is tried again", async (_, handle) => {
  const server = await serve((stream, _headers, call) =>
    call === 1 ? handle(stream, stream.session as ServerHttp2Session | undefined) : succeed(stream),
  );
  const transport = wire.transportTo("grpc", server, { requestTimeoutMs: 300 });
  expect(await transport.send(spans, soon())).toMatchObject({ kind: "taken" });
  expect(server.calls()).toBe(2);
});

test("a goodbye lets the call under way end, and the next call opens another connection", async () => {
  const server = await serve((stream, _, call) => {
    if (call === 1) stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    setTimeout(() => succeed(stream), 50);
  });
  const transport = wire.transportTo("grpc", server);
  expect((await transport.send(spans, soon())).kind).toBe("taken");
  expect((await transport.send(spans, soon())).kind).toBe("taken");
  expect([server.calls(), server.connections()]).toEqual([2, 2]);
});

test("a server that answers before it has read the request does not block the next one", async () => {
  const http2 = createServer();
  http2.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond({ ...grpcHeaders, "grpc-status": "8" }, { endStream: true });
    stream.close(constants.NGHTTP2_NO_ERROR);
  });
  const transport = wire.transportTo("grpc", await wire.serve(listen(http2)));
  const large = new Uint8Array(1_000_000);
  for (let count = 0; count < 3; count++)
    expect(await transport.send(large, soon())).toMatchObject({ kind: "refused" });
});

test("a connection that says nothing is replaced", async () => {
  const silent = await wire.serve(listen(createTcpServer()));
  const outcome = await wire
    .transportTo("grpc", silent, { requestTimeoutMs: 100 })
    .send(spans, Date.now() + 600);
  expect(outcome).toEqual({
    kind: "unreachable",
    reason: expect.stringMatching(/^no answer from 127\.0\.0\.1:\d+ within \d+ ms$/) as string,
  });
  expect(silent.connections()).toBeGreaterThan(1);
});

test("what answers with another protocol is named", async () => {
  const server = await wire.serve(
    listen(createTcpServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))),
  );
  const outcome = await wire.transportTo("grpc", server).send(spans, Date.now() + 100);
  expect(outcome).toHaveProperty("reason", expect.stringContaining("does not speak HTTP/2 here"));
});
