import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import { createServer, type Http2Server, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { OtlpGrpcExporter } from "./otlp-grpc-exporter.ts";

let server: Http2Server | undefined;
let exporter: OtlpGrpcExporter | undefined;

afterEach(async () => {
  await exporter?.shutdown();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

interface Call {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A gRPC server that answers each call with the next status. */
async function serve(
  statuses: number[],
  trailers: Record<string, string> = {},
): Promise<{ url: string; calls: Call[] }> {
  const calls: Call[] = [];
  server = createServer();
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      calls.push({ headers, body: Buffer.concat(chunks) });
      const status = statuses.shift() ?? 0;
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () =>
        stream.sendTrailers({ "grpc-status": String(status), ...(status === 0 ? {} : trailers) }),
      );
      stream.end(status === 0 ? Buffer.from([0, 0, 0, 0, 0]) : undefined);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

function exportOne(
  endpoint: string,
  options: { compression?: "none" | "gzip"; timeoutMs?: number; headers?: Record<string, string> } = {},
): Promise<ExportResult> {
  exporter = new OtlpGrpcExporter({
    endpoint: () => endpoint,
    headers: options.headers ?? {},
    compression: options.compression ?? "none",
    timeoutMs: options.timeoutMs ?? 5_000,
  });
  const span = new TracerProvider().getTracer("test").startSpan("one");
  span.end();
  return new Promise((resolve) => exporter?.export([span as unknown as ReadableSpan], resolve));
}

test("spans are sent as a unary call to the trace service, with the headers that are set", async () => {
  const { url, calls } = await serve([0]);
  expect(await exportOne(url, { headers: { "x-tenant": "acme" } })).toEqual({
    code: ExportResultCode.SUCCESS,
  });
  expect(calls[0]?.headers).toMatchObject({
    ":path": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "content-type": "application/grpc",
    te: "trailers",
    "x-tenant": "acme",
  });
  expect(calls[0]?.body.readUInt32BE(1)).toBe((calls[0]?.body.length ?? 0) - 5);
});

test("gzip is announced and used", async () => {
  const { url, calls } = await serve([0]);
  await exportOne(url, { compression: "gzip" });
  expect(calls[0]?.headers["grpc-encoding"]).toBe("gzip");
  expect(calls[0]?.body[0]).toBe(1);
  expect(gunzipSync(calls[0]?.body.subarray(5) ?? Buffer.alloc(0)).length).toBeGreaterThan(10);
});

test("UNAVAILABLE is tried again, INVALID_ARGUMENT is not", async () => {
  const first = await serve([14, 14, 0]);
  expect(await exportOne(first.url)).toEqual({ code: ExportResultCode.SUCCESS });
  expect(first.calls).toHaveLength(3);
  await exporter?.shutdown();
  server?.close();
  const second = await serve([3, 0], { "grpc-message": "bad%20data" });
  expect(await exportOne(second.url)).toMatchObject({
    code: ExportResultCode.FAILED,
    error: { message: expect.stringContaining("bad data") },
  });
  expect(second.calls).toHaveLength(1);
});

test("nobody there: it gives up when the time of the batch is over", async () => {
  const result = await exportOne("http://127.0.0.1:9", { timeoutMs: 300 });
  expect(result.code).toBe(ExportResultCode.FAILED);
  expect(result.error?.message).toContain("ECONNREFUSED");
});
