import { trace } from "@opentelemetry/api";
import type { FastifyInstance } from "fastify";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storeTickets } from "../history/store-tickets.ts";
import { type EnhancerStore, openEnhancerStore } from "../store.ts";
import { Metrics, metricsFormat, metricsText } from "@throughline/api/metrics";
import { defaultLimits } from "./limits/limits.ts";
import { MemoryRateLimiter } from "./rate/memory-rate-limiter.ts";
import { createWebhookServer } from "./server.ts";
import { sign } from "./signature.ts";

const secret = "correct horse battery";
const ticket = {
  event: "ticket.created",
  ticket_id: "TICKET-456",
  tenant_id: "acme",
  description: "VPN fails",
  priority: "high",
  created_at: "2026-11-01T10:00:00+01:00",
};

let directory: string;
let store: EnhancerStore;
let server: FastifyInstance;
let metrics: Metrics;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-webhook-"));
  store = openEnhancerStore(directory);
  await store.tenants.add({
    id: "acme",
    settings: { desk: { kind: "servicedesk-plus", url: "http://127.0.0.1:9" } },
    secrets: { webhook: secret, deskKey: "k" },
  });
  metrics = new Metrics();
  server = createWebhookServer(
    {
      tenants: store.tenants,
      queue: store.queue,
      history: { upsert: (tenantId, tickets) => storeTickets(store.database, tenantId, tickets) },
      rates: new MemoryRateLimiter(),
      tracer: trace.getTracer("test"),
      slowAfterMs: () => undefined,
      metrics,
      logger: pino({ level: "silent" }),
    },
    defaultLimits,
  );
});

afterEach(async () => {
  await server.close();
  await store.close();
  await rm(directory, { recursive: true });
});

function post(body: object | string, headers: Record<string, string> = {}) {
  const payload = typeof body === "string" ? body : JSON.stringify(body);
  return server.inject({
    method: "POST",
    url: "/webhook/servicedesk",
    payload,
    headers: {
      "content-type": "application/json",
      "x-servicedesk-signature": sign(secret, payload),
      ...headers,
    },
  });
}

test("a signed ticket is answered 202 once its job is stored", async () => {
  const response = await post(ticket);
  expect(response.statusCode).toBe(202);
  const answer = response.json<{ job_id: string }>();
  expect(answer).toMatchObject({
    status: "accepted",
    message: expect.any(String),
    trace_id: expect.any(String),
  });
  expect(await store.queue.show(answer.job_id)).toMatchObject({
    ticketId: "TICKET-456",
    tenantId: "acme",
    state: "waiting",
  });
  const families = await metrics.collect((error) => {
    throw error;
  });
  expect(metricsText(families, metricsFormat(undefined))).toContain(
    'http_requests_total{listener="webhook",method="POST",route="/webhook/servicedesk",status="202"} 1',
  );
});

test.each([
  ["missing", { "x-servicedesk-signature": "" }],
  ["of another secret", { "x-servicedesk-signature": sign("another secret", JSON.stringify(ticket)) }],
  ["cut short", { "x-servicedesk-signature": sign(secret, JSON.stringify(ticket)).slice(0, -2) }],
  ["not hex", { "x-servicedesk-signature": `sha256=${"z".repeat(64)}` }],
])("a signature that is %s is answered 401", async (_what, headers) => {
  const response = await post(ticket, headers);
  expect(response.statusCode).toBe(401);
  expect(response.headers["content-type"]).toContain("application/problem+json");
  expect(response.json()).toMatchObject({ code: "TL_SIGNATURE_INVALID", status: 401 });
  expect((await store.queue.status()).waiting).toBe(0);
});

test("an unknown tenant is answered 404", async () => {
  const response = await post({ ...ticket, tenant_id: "nobody" });
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({ code: "TL_TENANT_UNKNOWN" });
});

test("the tenant may stand in a header, and need not be named where there is only one", async () => {
  const { tenant_id: _named, ...unnamed } = ticket;
  expect((await post(unnamed, { "x-tenant-id": "acme" })).statusCode).toBe(202);
  expect((await post(unnamed)).statusCode).toBe(202);
  await store.tenants.add({
    id: "other",
    settings: { desk: { kind: "servicedesk-plus", url: "http://127.0.0.1:9" } },
    secrets: { webhook: "another secret", deskKey: "k" },
  });
  const response = await post(unnamed);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({ code: "TL_TENANT_MISSING" });
});

test.each([
  ["ticket_id", { ticket_id: "lower case!" }],
  ["priority", { priority: "urgent-value-42" }],
  ["description", { description: "" }],
  ["created_at", { created_at: "yesterday-value-42" }],
  ["correlation_id", { correlation_id: "not-a-uuid-42" }],
  ["subject", { subject: "an unknown field-42" }],
])("a wrong %s is answered 422 that names the field and not the value", async (field, change) => {
  const response = await post({ ...ticket, ...change });
  expect(response.statusCode).toBe(422);
  const problem = response.json<{ errors: { field: string }[] }>();
  expect(problem.errors.map((error) => error.field)).toContain(field);
  for (const value of Object.values(change))
    expect(response.body.split(value || "never in it")).toHaveLength(1);
});

test("a body that is not JSON is answered 422", async () => {
  const response = await post('{"ticket_id": "secret-text', { "x-tenant-id": "acme" });
  expect(response.statusCode).toBe(422);
  expect(response.body).not.toContain("secret-text");
});

test("a body over the limit is answered 413", async () => {
  const response = await post("x".repeat(defaultLimits.maxBodyBytes + 1));
  expect(response.statusCode).toBe(413);
  expect(response.json()).toMatchObject({ code: "TL_BODY_TOO_LARGE" });
});

test("a store that cannot be written is answered 503, and nothing was accepted", async () => {
  const { sql } = await import("kysely");
  await sql`drop table jobs`.execute(store.database);
  const response = await post(ticket);
  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({ code: "TL_QUEUE_UNAVAILABLE" });
});

test("the port serves webhooks and health only", async () => {
  expect((await server.inject("/healthz")).statusCode).toBe(200);
  expect((await server.inject("/metrics")).json()).toMatchObject({ code: "TL_NOT_FOUND", status: 404 });
});
