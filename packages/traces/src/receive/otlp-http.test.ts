import { connect } from "node:net";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { encodeBatch } from "../store/batch-encoding.ts";
import { exampleSpan } from "../store/example-spans.ts";
import { startReceivers } from "./start-receivers.ts";

const span = exampleSpan();
const protobuf = encodeBatch([span]);
const json = JSON.stringify({
  resourceSpans: [
    { scopeSpans: [{ spans: [{ traceId: span.traceId, spanId: span.spanId, name: "from JSON" }] }] },
  ],
});
const asProtobuf = { "content-type": "application/x-protobuf" };
const asJson = { "content-type": "application/json" };

function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Response> {
  return fetch(`${url}/v1/traces`, { method: "POST", body, headers });
}

test("protobuf is stored and answered in protobuf: an empty message", async () => {
  const { httpUrl, store } = await startReceivers();
  const answer = await post(httpUrl, protobuf, asProtobuf);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toBe("application/x-protobuf");
  expect((await answer.arrayBuffer()).byteLength).toBe(0);
  expect(await store.reader.traces([span.traceId])).toEqual([[span]]);
});

test("JSON is stored and answered in JSON, whatever its charset parameter", async () => {
  const { httpUrl, store } = await startReceivers();
  const answer = await post(httpUrl, json, { "content-type": "application/json; charset=utf-8" });
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(await answer.json()).toEqual({ partialSuccess: {} });
  const [[stored] = []] = await store.reader.traces([span.traceId]);
  expect(stored?.name).toBe("from JSON");
});

test.each([
  ["gzip", gzipSync(protobuf)],
  ["x-gzip", gzipSync(protobuf)],
  ["deflate", deflateSync(protobuf)],
  ["deflate", deflateRawSync(protobuf)],
  ["zstd", zstdCompressSync(protobuf)],
  ["identity", Buffer.from(protobuf)],
])("content-encoding %s is inflated", async (coding, body) => {
  const { httpUrl, store } = await startReceivers();
  const answer = await post(httpUrl, body, { ...asProtobuf, "content-encoding": coding });
  expect(answer.status).toBe(200);
  expect(store.heads.stats().rows).toBe(1);
});

test("spans with invalid ids are counted in the partial success", async () => {
  const { httpUrl } = await startReceivers();
  const body = json.replace("]}]}]}", `,{"traceId":"12","spanId":"${span.spanId}"}]}]}]}`);
  const answer = await post(httpUrl, body, asJson);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({
    partialSuccess: {
      rejectedSpans: "1",
      errorMessage: expect.stringContaining("trace_id must be 16 bytes"),
    },
  });
});

test("refusals are google.rpc.Status in the request's encoding", async () => {
  const { httpUrl } = await startReceivers();
  const badJson = await post(httpUrl, `{"resourceSpans":3}`, asJson);
  expect(badJson.status).toBe(400);
  expect(await badJson.json()).toEqual({
    code: 3,
    message: "TL_BODY_UNREADABLE: The request is no OTLP JSON: resourceSpans must be an array.",
  });
  const badProtobuf = await post(httpUrl, Buffer.from("ff", "hex"), asProtobuf);
  expect(badProtobuf.status).toBe(400);
  expect(badProtobuf.headers.get("content-type")).toBe("application/x-protobuf");
  const status = Buffer.from(await badProtobuf.arrayBuffer());
  expect(status.subarray(0, 3)).toEqual(Buffer.from("080312", "hex"));
  expect(status.subarray(4).toString()).toMatch(/^TL_BODY_UNREADABLE/);
  const badGzip = await post(httpUrl, json, { ...asJson, "content-encoding": "gzip" });
  expect(badGzip.status).toBe(400);
});

test("other media types and encodings are 415, other methods 405", async () => {
  const { httpUrl } = await startReceivers();
  expect((await post(httpUrl, json, { "content-type": "text/plain" })).status).toBe(415);
  expect((await post(httpUrl, Buffer.from(json), {})).status).toBe(415);
  const br = await post(httpUrl, json, { ...asJson, "content-encoding": "br" });
  expect(br.status).toBe(415);
  expect(br.headers.get("accept-encoding")).toContain("gzip");
  const get = await fetch(`${httpUrl}/v1/traces`);
  expect(get.status).toBe(405);
  expect(get.headers.get("allow")).toBe("POST");
});

test("logs and metrics are told that only traces are kept; other paths are 404", async () => {
  const { httpUrl } = await startReceivers();
  for (const path of ["/v1/logs", "/v1/metrics"]) {
    const answer = await fetch(httpUrl + path, { method: "POST", body: "{}", headers: asJson });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ message: expect.stringContaining("only traces") });
  }
  expect((await fetch(`${httpUrl}/`)).status).toBe(404);
});

test("a body over 64 MiB is 413, announced, sent in chunks or after inflating", async () => {
  const { httpUrl, store } = await startReceivers();
  const limit = 64 * 1024 * 1024;
  const bomb = await post(httpUrl, gzipSync(Buffer.alloc(limit + 1)), {
    ...asJson,
    "content-encoding": "gzip",
  });
  expect(bomb.status).toBe(413);
  expect(await bomb.json()).toMatchObject({ code: 8, message: expect.stringMatching(/^TL_BODY_TOO_LARGE/) });
  const chunk = Buffer.alloc(1024 * 1024, " ");
  const chunks = new ReadableStream({
    start: (stream) => {
      for (let sent = 0; sent <= limit; sent += chunk.length) stream.enqueue(chunk);
      stream.close();
    },
  });
  const chunked = await fetch(`${httpUrl}/v1/traces`, {
    method: "POST",
    body: chunks,
    headers: asJson,
    duplex: "half",
  });
  expect(chunked.status).toBe(413);
  expect((await announce(httpUrl, limit + 1)).split("\r\n")[0]).toBe("HTTP/1.1 413 Payload Too Large");
  expect(store.heads.stats().rows).toBe(0);
});

test("over the budget of bytes a request is 429 with Retry-After", async () => {
  const { httpUrl } = await startReceivers({ budgetBytes: 10_000 });
  const large = encodeBatch([exampleSpan({ name: "x".repeat(20_000) })]);
  const answer = await post(httpUrl, large, asProtobuf);
  expect(answer.status).toBe(429);
  expect(answer.headers.get("retry-after")).toBe("1");
  const inflated = await post(httpUrl, gzipSync(large), { ...asProtobuf, "content-encoding": "gzip" });
  expect(inflated.status).toBe(429);
  for (let n = 0; n < 30; n++) expect((await post(httpUrl, protobuf, asProtobuf)).status).toBe(200);
});

test("a store that cannot write is 503 with Retry-After", async () => {
  const { httpUrl, store } = await startReceivers();
  await store.close();
  const answer = await post(httpUrl, json, asJson);
  expect(answer.status).toBe(503);
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(await answer.json()).toMatchObject({ code: 14, details: [{ retryDelay: "1s" }] });
});

test("readiness says whether spans can be stored", async () => {
  const { httpUrl } = await startReceivers();
  const answer = await fetch(`${httpUrl}/readiness`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ ready: true });
});

/** Sends the head of a request with that length and no body; returns the answer's beginning. */
function announce(url: string, length: number): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST /v1/traces HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`,
      );
    });
    socket.on("error", reject);
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString("latin1"));
    });
  });
}

test.each([asProtobuf, asJson])("an empty body of %j is an empty request: a success", async (headers) => {
  const { httpUrl } = await startReceivers();
  const answer = await post(httpUrl, "", headers);
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, headers["content-type"]]);
});
