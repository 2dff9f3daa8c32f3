import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { fastifyTracing } from "@throughline/tracing/fastify";
import { pgTracing } from "@throughline/tracing/pg";
import { logCorrelation } from "@throughline/tracing/pino";
import { redisTracing } from "@throughline/tracing/redis";
import { undiciTracing } from "@throughline/tracing/undici";
import Fastify from "fastify";
import { Redis } from "ioredis";
import { Client, Pool } from "pg";
import { pino } from "pino";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { startPostgres, startRedis } from "./servers.ts";

const memory = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: memory })] });
const tracer = provider.getTracer("test");

beforeEach(() => {
  memory.reset();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return () => {
    trace.disable();
    context.disable();
    propagation.disable();
  };
});

/** Work inside a span that its spans must be children of. */
async function inParent(work: () => Promise<unknown>): Promise<string> {
  const span = tracer.startSpan("parent", {}, ROOT_CONTEXT);
  await context.with(trace.setSpan(ROOT_CONTEXT, span), work);
  span.end();
  return span.spanContext().spanId;
}

function spans(kind: SpanKind): ReadableSpan[] {
  return memory.getFinishedSpans().filter((span) => span.kind === kind);
}

test(
  "PostgreSQL: statements of clients and pools are spans, with literals masked and failures told",
  { timeout: 120_000 },
  async () => {
    const port = await startPostgres();
    const options = { host: "127.0.0.1", port, user: "test", database: "shop" };
    const client = pgTracing(new Client(options), tracer);
    await client.connect();
    onTestFinished(() => client.end());
    const parent = await inParent(async () => {
      await client.query("create table orders (id int primary key, note text)");
      await client.query("insert into orders values (1, 'it''s secret')");
      expect(
        (await client.query({ text: "select note from orders where id = $1", values: [1] })).rows,
      ).toEqual([{ note: "it's secret" }]);
      await new Promise<void>((resolve) => client.query("select 42 as n", () => resolve()));
      await expect(client.query("select * from nowhere")).rejects.toThrow("nowhere");
    });
    const found = spans(SpanKind.CLIENT);
    expect(found.map(({ name }) => name)).toEqual([
      "CREATE orders",
      "INSERT orders",
      "SELECT orders",
      "SELECT",
      "SELECT nowhere",
    ]);
    expect(found.every((span) => span.parentSpanContext?.spanId === parent)).toBe(true);
    expect(found[1]?.attributes).toMatchObject({
      "db.system.name": "postgresql",
      "db.operation.name": "INSERT",
      "db.collection.name": "orders",
      "db.namespace": "shop",
      "db.query.text": "insert into orders values (?, ?)",
      "server.address": "127.0.0.1",
      "server.port": port,
    });
    expect(found[4]?.attributes).toMatchObject({ "db.response.status_code": "42P01", "error.type": "42P01" });
    expect(found[4]?.status.code).toBe(SpanStatusCode.ERROR);

    memory.reset();
    const pool = pgTracing(new Pool(options), tracer);
    const inPool = await inParent(async () => {
      await pool.query("select note from orders");
      const lent = await pool.connect();
      await lent.query("update orders set note = 'x' where id = 1");
      lent.release();
      await pool.query("select note from orders");
    });
    await pool.end();
    expect(spans(SpanKind.CLIENT).map(({ name }) => name)).toEqual([
      "SELECT orders",
      "UPDATE orders",
      "SELECT orders",
    ]);
    expect(spans(SpanKind.CLIENT).every((span) => span.parentSpanContext?.spanId === inPool)).toBe(true);
  },
);

test(
  "Redis: commands of the clients that are handed in are spans, values are not told",
  { timeout: 120_000 },
  async () => {
    const port = await startRedis();
    const quiet = new Redis(port, "127.0.0.1");
    const traced = redisTracing(new Redis(port, "127.0.0.1"), tracer);
    onTestFinished(() => {
      quiet.disconnect();
      traced.disconnect();
    });
    await traced.ping();
    memory.reset();
    const parent = await inParent(async () => {
      await quiet.set("queue", "x");
      await traced.set("user:1", "secret value");
      expect(await traced.get("user:1")).toBe("secret value");
      await traced.pipeline().incr("n").hset("h", "field", "hidden").exec();
      await expect(traced.lpush("user:1", "no list")).rejects.toThrow("WRONGTYPE");
    });
    const found = spans(SpanKind.CLIENT).filter(({ name }) => name !== "PING");
    expect(found.map(({ attributes }) => attributes["db.query.text"])).toEqual(
      expect.arrayContaining(["SET user:1 ?", "GET user:1", "INCR n", "HSET h ? ?", "LPUSH user:1 ?"]),
    );
    expect(found).toHaveLength(5);
    expect(found.every((span) => span.parentSpanContext?.spanId === parent)).toBe(true);
    expect(found.filter((span) => span.status.code === SpanStatusCode.ERROR).map(({ name }) => name)).toEqual(
      ["LPUSH"],
    );
  },
);

test("Fastify and fetch: one trace through client and server, failures and strange methods told, ids in each log line", async () => {
  const stop = undiciTracing();
  const lines: string[] = [];
  const logger = pino({ mixin: logCorrelation }, { write: (line: string) => void lines.push(line) });
  const server = Fastify();
  fastifyTracing(server, { tracer, ignore: ["/healthz"] });
  server.get("/healthz", () => "ok");
  server.get("/orders/:id", async () => {
    await new Promise((resolve) => setTimeout(resolve, 2));
    logger.info("handled");
    return { ok: true };
  });
  server.get("/broken", () => {
    throw new Error("no stock");
  });
  const address = await server.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(async () => {
    stop();
    await server.close();
  });
  const parent = await inParent(async () => {
    await (await fetch(`${address}/orders/7?token=x`)).text();
    await (await fetch(`${address}/broken`)).text();
    await (await fetch(`${address}/nowhere`)).text();
    await (await fetch(`${address}/healthz`)).text();
  });
  const [order, broken, nowhere, ...more] = spans(SpanKind.SERVER);
  expect(more).toEqual([]);
  const clients = spans(SpanKind.CLIENT);
  expect(clients.every((span) => span.parentSpanContext?.spanId === parent)).toBe(true);
  expect(order?.parentSpanContext?.spanId).toBe(
    clients.find(({ attributes }) => String(attributes["url.full"]).includes("orders"))?.spanContext().spanId,
  );
  expect(order).toMatchObject({ name: "GET /orders/:id", status: { code: SpanStatusCode.UNSET } });
  expect(order?.attributes).toMatchObject({
    "http.request.method": "GET",
    "http.route": "/orders/:id",
    "url.path": "/orders/7",
    "url.query": "token=x",
    "url.scheme": "http",
    "server.address": "127.0.0.1",
    "http.response.status_code": 200,
    "network.protocol.version": "1.1",
  });
  expect(broken).toMatchObject({ name: "GET /broken", status: { code: SpanStatusCode.ERROR } });
  expect(broken?.events.map(({ name }) => name)).toEqual(["exception"]);
  expect(nowhere).toMatchObject({ name: "GET", status: { code: SpanStatusCode.UNSET } });
  expect(nowhere?.attributes["http.response.status_code"]).toBe(404);
  expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({
    trace_id: order?.spanContext().traceId,
    span_id: order?.spanContext().spanId,
    trace_flags: "01",
  });
});
