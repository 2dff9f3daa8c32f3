import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { listen } from "../../test/listen.ts";
import { addressOf, Wire } from "../../test/otlp-client.ts";
import type { OtlpTransportOptions } from "./transport.ts";

const wire = new Wire();
afterEach(() => wire.close());

const serve = (listener: RequestListener) => wire.serve(listen(createServer(listener)));
const transportTo = (server: { port: number }, options: Partial<OtlpTransportOptions> = {}) =>
  wire.transportTo("http/protobuf", server, options);
const spans = new Uint8Array([10, 0]);
const soon = () => Date.now() + 1_500;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function answer(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { "content-type": type }).end(body);
}

test("a request carries the spans, the encoding, the given headers and who sends it", async () => {
  let seen: { request: IncomingMessage; body: Buffer } | undefined;
  const server = await serve(async (request, response) => {
    seen = { request, body: await bodyOf(request) };
    answer(response, 200, "application/x-protobuf", "");
  });
  const headers = {
    authorization: "Bearer abc",
    "x-team": "a b",
    host: "evil",
    "content-type": "text/plain",
  };
  const transport = transportTo(server, { headers });
  expect(await transport.send(spans, soon())).toEqual({ kind: "taken", rejected: 0, message: "" });
  expect(seen?.request.method).toBe("POST");
  expect(seen?.request.url).toBe("/v1/traces");
  expect(new Uint8Array(seen?.body ?? [])).toEqual(spans);
  expect(seen?.request.headers).toMatchObject({
    authorization: "Bearer abc",
    "x-team": "a b",
    host: `127.0.0.1:${server.port}`,
    "content-type": "application/x-protobuf",
    "content-length": "2",
  });
  expect(seen?.request.headers["user-agent"]).toMatch(
    /^OTel-OTLP-Exporter-JavaScript\/\d\S* throughline-tracing/,
  );
});

test("gzip compresses the body and says so", async () => {
  const body = Buffer.from(JSON.stringify({ resourceSpans: [] }).repeat(100));
  let inflated: Buffer | undefined;
  const server = await serve(async (request, response) => {
    expect(request.headers["content-encoding"]).toBe("gzip");
    expect(request.headers["content-type"]).toBe("application/json");
    inflated = gunzipSync(await bodyOf(request));
    answer(response, 200, "application/json", "{}");
  });
  const transport = transportTo(server, { protocol: "http/json", compression: "gzip" });
  expect((await transport.send(body, soon())).kind).toBe("taken");
  expect(inflated?.equals(body)).toBe(true);
});

test("one connection serves many requests, and a receiver that moved is found again", async () => {
  const listener: RequestListener = (request, response) =>
    void request.resume().on("end", () => response.end());
  const [first, second] = [await serve(listener), await serve(listener)];
  let current = first;
  const transport = transportTo(first, { endpoint: () => addressOf("http/protobuf", current.port) });
  for (let count = 0; count < 3; count++) await transport.send(spans, soon());
  expect(first.connections()).toBe(1);
  current = second;
  expect((await transport.send(spans, soon())).kind).toBe("taken");
  expect(second.connections()).toBe(1);
});

test.each([
  ["http/protobuf", "application/x-protobuf", new Uint8Array([10, 7, 8, 3, 18, 3, 98, 97, 100])],
  [
    "http/json",
    "application/json",
    '{"partialSuccess":{"rejectedSpans":"3","errorMessage":"bad"},"later":1}',
  ],
  [
    "http/json",
    "application/json; charset=utf-8",
    '{"partialSuccess":{"rejectedSpans":3,"errorMessage":"bad"}}',
  ],
] as const)(
  "%s: a partial success says how many spans were refused, and why",
  async (protocol, type, body) => {
    const server = await serve((_, response) => answer(response, 200, type, body));
    const outcome = await transportTo(server, { protocol }).send(spans, soon());
    expect(outcome).toEqual({ kind: "taken", rejected: 3, message: "bad" });
  },
);

test("an answer of something that is no OTLP receiver is refused", async () => {
  for (const [type, body] of [
    ["text/html", "<html><h1>Log in\u0007 please</h1></html>"],
    ["application/x-protobuf", "<html>"],
    ["application/json", "[]"],
    ["application/json", "{"],
  ] as const) {
    const server = await serve((_, response) => answer(response, 200, type, body));
    const outcome = await transportTo(server, {
      protocol: type === "application/json" ? "http/json" : "http/protobuf",
    }).send(spans, soon());
    expect(outcome.kind).toBe("refused");
    expect(outcome).toHaveProperty("reason", expect.stringContaining("the answer is not OTLP"));
    expect(outcome).toHaveProperty("reason", expect.not.stringContaining("\u0007"));
  }
});

test("an error that is final is told in the receiver's words, and not sent again", async () => {
  let requests = 0;
  const status = new Uint8Array([8, 3, 18, 6, 110, 111, 32, 105, 100, 10]);
  for (const [type, body, said] of [
    ["application/x-protobuf", status, "HTTP 400 no id"],
    ["application/json", '{"code":3,"message":"no id"}', "HTTP 400 no id"],
    ["text/plain", `no id\r\n${"x".repeat(10_000)}`, "HTTP 400 no id xxx"],
  ] as const) {
    const server = await serve((_, response) => {
      requests++;
      answer(response, 400, type, body);
    });
    const outcome = await transportTo(server).send(spans, soon());
    expect(outcome).toMatchObject({ kind: "refused", reason: expect.stringContaining(said) as string });
    expect(outcome.kind === "refused" ? outcome.reason.length : 999).toBeLessThanOrEqual(200);
  }
  expect(requests).toBe(3);
});

test("a redirect is not followed: what is sent may be secret", async () => {
  const server = await serve((_, response) =>
    response.writeHead(307, { location: "http://elsewhere.example/v1/traces" }).end(),
  );
  expect(await transportTo(server).send(spans, soon())).toEqual({
    kind: "refused",
    reason: `127.0.0.1:${server.port} sends on to http://elsewhere.example/v1/traces (HTTP 307); redirects are not followed`,
  });
});

test.each([429, 502, 503, 504])("HTTP %i is tried again", async (status) => {
  let requests = 0;
  const server = await serve((_, response) => {
    if (++requests === 1) answer(response, status, "text/plain", "busy");
    else response.end();
  });
  expect((await transportTo(server).send(spans, soon())).kind).toBe("taken");
  expect(requests).toBe(2);
});

test("Retry-After is a minimum, in seconds or as a date", async () => {
  const times: number[] = [];
  const server = await serve((_, response) => {
    times.push(Date.now());
    if (times.length === 1) response.writeHead(503, { "retry-after": "1" }).end();
    else response.end();
  });
  await transportTo(server).send(spans, Date.now() + 5_000);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(1_000);

  const dated = await serve((_, response) =>
    response.writeHead(429, { "retry-after": new Date(Date.now() + 60_000).toUTCString() }).end("slow down"),
  );
  const began = Date.now();
  expect(await transportTo(dated).send(spans, Date.now() + 5_000)).toEqual({
    kind: "unreachable",
    reason: `127.0.0.1:${dated.port}: HTTP 429 slow down`,
  });
  expect(Date.now() - began).toBeLessThan(1_000);
});

test("a receiver that is not there is tried until the deadline", async () => {
  const server = await listen(createServer());
  await server.close();
  const began = Date.now();
  const outcome = await transportTo(server).send(spans, began + 700);
  expect(outcome).toEqual({
    kind: "unreachable",
    reason: `127.0.0.1:${server.port}: connect ECONNREFUSED 127.0.0.1:${server.port}`,
  });
  expect(Date.now() - began).toBeLessThanOrEqual(750);
});

test("a receiver that says nothing is given up after the time for one request, and tried again", async () => {
  let requests = 0;
  const server = await serve((_, response) => {
    if (++requests > 1) response.end();
  });
  const transport = transportTo(server, { requestTimeoutMs: 200 });
  expect((await transport.send(spans, soon())).kind).toBe("taken");
  expect(requests).toBe(2);
});

test("an answer that stops in its middle is given up too", async () => {
  const server = await serve((_, response) =>
    response.writeHead(200, { "content-length": "100" }).write("x"),
  );
  const outcome = await transportTo(server, { requestTimeoutMs: 100 }).send(spans, Date.now() + 150);
  expect(outcome).toEqual({
    kind: "unreachable",
    reason: `127.0.0.1:${server.port}: no answer within 100 ms`,
  });
});

test("a connection that breaks in the middle of an answer is tried again", async () => {
  let requests = 0;
  const server = await serve((_, response) => {
    if (++requests > 1) response.end();
    else {
      response.writeHead(200, { "content-length": "100" }).write("x");
      setTimeout(() => response.destroy(), 20);
    }
  });
  expect((await transportTo(server).send(spans, soon())).kind).toBe("taken");
  expect(requests).toBe(2);
});

test("an answer over 4 MiB is not read to its end", async () => {
  let written = 0;
  const server = await serve((_, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 1))) written += 65_536;
    };
    response.on("drain", more);
    more();
  });
  expect(await transportTo(server).send(spans, Date.now() + 4_000)).toEqual({
    kind: "refused",
    reason: `127.0.0.1:${server.port}: the answer is not OTLP: it is over 4194304 bytes`,
  });
  expect(written).toBeLessThan(64 * 1024 * 1024);
});

test("closing ends a retry that waits, and a request under way", async () => {
  const failing = await serve((_, response) => response.writeHead(503, { "retry-after": "60" }).end());
  const waiting = transportTo(failing);
  const retry = waiting.send(spans, Number.POSITIVE_INFINITY);
  const silent = await serve(() => {});
  const asking = transportTo(silent, { requestTimeoutMs: 0 });
  const request = asking.send(spans, Number.POSITIVE_INFINITY);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const began = Date.now();
  await Promise.all([waiting.close(), asking.close()]);
  expect((await retry).kind).toBe("unreachable");
  expect((await request).kind).toBe("unreachable");
  expect(Date.now() - began).toBeLessThan(200);
  expect(await waiting.send(spans, soon())).toEqual({
    kind: "unreachable",
    reason: "the exporter is closed",
  });
});

test("a request that cannot be made is refused at once", async () => {
  const server = await serve((_, response) => void response.end());
  for (const options of [
    { headers: { "x y": "1" } },
    { headers: { x: "a\nb" } },
    { endpoint: () => "localhost:4318" },
    { endpoint: () => "nowhere" },
  ]) {
    const began = Date.now();
    expect((await transportTo(server, options).send(spans, soon())).kind).toBe("refused");
    expect(Date.now() - began).toBeLessThan(500);
  }
});

test("what answers with another protocol is named", async () => {
  const server = await wire.serve(listen(createTcpServer((socket) => socket.end("\u0015\u0003\u0001"))));
  const outcome = await transportTo(server).send(spans, Date.now() + 100);
  expect(outcome).toHaveProperty("reason", expect.stringContaining("does not speak HTTP/1.1 here"));
});
