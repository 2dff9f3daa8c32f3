import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Running } from "./harness.ts";

interface SentSpan {
  service: string;
  name: string;
  kind: number;
  fromMs: number;
  durationMs: number;
  isError?: boolean;
  attributes?: Record<string, string>;
}

/** Spans of one trace, each the child of the one before. */
type Chain = readonly SentSpan[];

async function sendChains(backend: Running, chains: readonly Chain[]): Promise<void> {
  const byService = new Map<string, object[]>();
  for (const chain of chains) {
    const traceId = randomBytes(16).toString("hex");
    let parentSpanId = "";
    for (const { service, name, kind, fromMs, durationMs, isError = false, attributes = {} } of chain) {
      const spanId = randomBytes(8).toString("hex");
      const from = BigInt(Math.round(fromMs * 1_000)) * 1_000n;
      const spans = byService.get(service) ?? [];
      byService.set(service, spans);
      spans.push({
        traceId,
        spanId,
        parentSpanId,
        name,
        kind,
        startTimeUnixNano: String(from),
        endTimeUnixNano: String(from + BigInt(Math.round(durationMs * 1e6))),
        status: isError ? { code: 2, message: "it broke" } : {},
        attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
      });
      parentSpanId = spanId;
    }
  }
  const resourceSpans = [...byService].map(([service, spans]) => ({
    resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
    scopeSpans: [{ spans }],
  }));
  const response = await fetch(`${backend.address("otlpHttp")}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans }),
  });
  expect(response.status).toBe(200);
}

const minuteMs = 60_000;

/**
 * An hour of a shop: orders that go through three services and a database, every tenth of them failed, and one that took
 * 3 s; a queue of mails; listings without anything below.
 */
export async function sendShop(backend: Running, nowMs = Date.now()): Promise<void> {
  const chains: Chain[] = [];
  for (let at = 0; at < 110; at++) {
    const fromMs = nowMs - (at + 2) * (minuteMs / 2);
    const wave = 1 + Math.sin(at / 9) * 0.5;
    const isError = at % 10 === 3;
    const slow = at === 50 ? 3_000 : 0;
    chains.push([
      { service: "web", name: "POST /orders", kind: 2, fromMs, durationMs: 90 * wave + slow, isError },
      {
        service: "web",
        name: "POST shop",
        kind: 3,
        fromMs: fromMs + 1,
        durationMs: 80 * wave + slow,
        isError,
      },
      {
        service: "shop",
        name: "POST /orders",
        kind: 2,
        fromMs: fromMs + 2,
        durationMs: 70 * wave + slow,
        isError,
      },
      { service: "shop", name: "reserve", kind: 3, fromMs: fromMs + 3, durationMs: 40 * wave },
      { service: "stock", name: "Stock/Reserve", kind: 2, fromMs: fromMs + 4, durationMs: 30 * wave },
      {
        service: "stock",
        name: "UPDATE",
        kind: 3,
        fromMs: fromMs + 5,
        durationMs: 12 * wave,
        attributes: { "db.system.name": "postgresql", "db.namespace": "stock" },
      },
    ]);
    chains.push([{ service: "web", name: "GET /listing", kind: 2, fromMs, durationMs: 9 * wave }]);
    if (at % 4 === 0)
      chains.push([
        {
          service: "shop",
          name: "send mails",
          kind: 4,
          fromMs,
          durationMs: 2,
          attributes: { "messaging.system": "kafka", "messaging.destination.name": "mails" },
        },
        { service: "mailer", name: "mails process", kind: 5, fromMs: fromMs + 500, durationMs: 400 * wave },
      ]);
  }
  await sendChains(backend, chains);
}

/** Names that are no text to be trusted, durations of nothing, a service that calls itself by way of another. */
export async function sendHostile(backend: Running, nowMs = Date.now()): Promise<void> {
  const fromMs = nowMs - minuteMs;
  const hostile = '<img src=x onerror="document.title=1">\u202Eright to left';
  await sendChains(backend, [
    [
      { service: hostile, name: hostile, kind: 2, fromMs, durationMs: 0 },
      { service: "b".repeat(400), name: "n".repeat(2_000), kind: 2, fromMs, durationMs: 5 },
      { service: hostile, name: "again", kind: 2, fromMs, durationMs: 1, isError: true },
    ],
    ...Array.from({ length: 300 }, (_, at): Chain => [
      { service: "gateway", name: "GET /", kind: 2, fromMs, durationMs: 3 },
      { service: `service-${at}`, name: "GET /", kind: 2, fromMs, durationMs: 1 },
    ]),
  ]);
}
