import { systemStatus } from "@throughline/api";
import { Metrics, metricsFormat, metricsText } from "@throughline/api/metrics";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { call, connectTo, frame } from "./receive/grpc-call.ts";
import { takenPort } from "./receive/start-receivers.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import { exampleSpan } from "./store/example-spans.ts";
import { temporaryDirectory } from "./store/open-store.ts";
import type { TraceBackend } from "./index.ts";
import { startBackend } from "./test-backend.ts";

const exportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const span = exampleSpan();

async function figures(metrics: Metrics): Promise<string> {
  const families = await metrics.collect((error) => expect.unreachable(String(error)));
  return metricsText(families, metricsFormat(undefined));
}

function postTraces(backend: TraceBackend, body: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(`${backend.addresses.otlpHttp}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body,
  });
}

test("spans sent by gRPC and by HTTP are served on the console address, counted, and there after a restart", async () => {
  const dataDirectory = await temporaryDirectory();
  const metrics = new Metrics();
  const backend = await startBackend({ dataDirectory }, { metrics });
  const { addresses } = backend;
  expect(addresses.otlpGrpc).toMatch(/^127\.0\.0\.1:\d+$/);
  const grpc = connectTo(`http://${addresses.otlpGrpc}`);
  expect((await call(grpc, exportPath, frame(encodeBatch([span])))).status).toBe("0");
  const second = exampleSpan({ spanId: "2".repeat(16) });
  expect((await postTraces(backend, encodeBatch([second]))).status).toBe(200);
  const trace = `/api/traces/${span.traceId}`;
  const served = (await (await fetch(addresses.console + trace)).json()) as { data: { spans: unknown[] }[] };
  expect(served.data[0]?.spans).toHaveLength(2);
  expect(await figures(metrics)).toContain(
    'throughline_traces_spans_accepted_total{encoding="protobuf"} 2\n',
  );
  expect(await backend.health()).toEqual({ ok: true, detail: "stores and answers" });
  expect(await figures(metrics)).toContain("throughline_traces_spans_in_memory 2\n");
  await backend.stop();
  const again = await startBackend({ dataDirectory });
  expect((await fetch(again.addresses.console + trace)).status).toBe(200);
});

test.each(["otlpGrpc", "otlpHttp", "console"] as const)(
  "a taken %s port rejects with the system's error and leaves nothing running",
  async (part) => {
    const dataDirectory = await temporaryDirectory();
    const port = await takenPort();
    await expect(startBackend({ dataDirectory, [part]: { host: "127.0.0.1", port } })).rejects.toMatchObject({
      code: "EADDRINUSE",
      port,
    });
    await startBackend({ dataDirectory });
  },
);

test("IPv6 addresses stand in brackets", async () => {
  const loopback = { host: "::1", port: 0 };
  const { addresses } = await startBackend({ otlpGrpc: loopback, otlpHttp: loopback, console: loopback });
  expect(addresses.otlpGrpc).toMatch(/^\[::1\]:\d+$/);
  expect(addresses.otlpHttp).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect(addresses.console).toMatch(/^http:\/\/\[::1\]:\d+$/);
});

test("idle and half-open connections do not hold up the stop", async () => {
  const backend = await startBackend();
  connectTo(`http://${backend.addresses.otlpGrpc}`);
  await (await fetch(`${backend.addresses.otlpHttp}/readiness`)).text();
  await (await fetch(`${backend.addresses.console}/api/v3/services`)).text();
  for (const url of [backend.addresses.otlpHttp, backend.addresses.console]) {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => socket.destroy());
    await new Promise<void>((resolve) => socket.write("POST /v1/traces HTTP/1.1\r\nhost: ", () => resolve()));
  }
  const before = performance.now();
  await backend.stop();
  expect(performance.now() - before).toBeLessThan(2_500);
  await expect(fetch(backend.addresses.otlpHttp)).rejects.toThrow("fetch failed");
});

test("requests answered while the backend stops are stored", async () => {
  const dataDirectory = await temporaryDirectory();
  const backend = await startBackend({ dataDirectory });
  const session = connectTo(`http://${backend.addresses.otlpGrpc}`);
  const sent = Array.from({ length: 40 }, (_, n) => {
    const one = exampleSpan({ spanId: (n + 1).toString(16).padStart(16, "0") });
    return call(session, exportPath, frame(encodeBatch([one]))).then(
      ({ status }) => (status === "0" ? one.spanId : undefined),
      () => undefined,
    );
  });
  await new Promise((resolve) => setTimeout(resolve, 2));
  await backend.stop();
  const acknowledged = (await Promise.all(sent)).filter((id) => id !== undefined);
  const again = await startBackend({ dataDirectory });
  const answer = await fetch(`${again.addresses.console}/api/traces/${span.traceId}?raw=true`);
  const { data } = (await answer.json()) as { data: { spans: { spanID: string }[] }[] | null };
  const stored = new Set(data?.[0]?.spans.map(({ spanID }) => spanID));
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
});

test("the console's address tells how the backend is: what came in, what was dropped, what is stored", async () => {
  const backend = await startBackend({ maxBytes: 1_000_000 });
  const ask = async () => {
    const response = await fetch(`${backend.addresses.console}/api/throughline/system`);
    expect(response.status).toBe(200);
    return systemStatus.parse(await response.json());
  };
  expect((await ask()).ingest).toMatchObject({ spans: 0, dropped: { invalidSpans: 0 } });
  const response = await postTraces(backend, encodeBatch([span, exampleSpan({ spanId: "0".repeat(16) })]));
  expect(response.status).toBe(200);
  const { ingest, storage, retention, process: own } = await ask();
  expect(ingest).toMatchObject({ spans: 1, dropped: { invalidSpans: 1, refusedRequests: 0 } });
  expect(ingest.bytes).toBeGreaterThan(0);
  expect(storage?.head.spans).toBe(1);
  expect(retention).toEqual({ ageMs: 3_600_000, bytes: 1_000_000 });
  expect(own.pid).toBe(process.pid);
});
