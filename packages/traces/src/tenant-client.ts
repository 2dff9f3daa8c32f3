import { expect } from "vitest";
import type { Principal, Scope } from "./access.ts";
import type { TraceBackend, TraceBackendConfig } from "./index.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import { exampleSpan, resourceOf, text } from "./store/example-spans.ts";
import { startBackend } from "./test-backend.ts";

/** For tests: a backend that asks everybody for a token, senders and readers of tenants, and every address that answers out of what is stored. */

/** A token `acme-read` is of acme and may read; `all-ingest` is of no tenant. */
function principalOf(token: string): Principal | undefined {
  const [tenant, ...scopes] = token.split("-");
  if (scopes.length === 0) return undefined;
  return {
    id: token,
    name: token,
    scopes: scopes as Scope[],
    tenant: tenant === "all" ? undefined : tenant,
    limits: { spansPerSecond: undefined, bytesPerSecond: undefined },
  };
}

export function start(dataDirectory: string, parts: Partial<TraceBackendConfig> = {}): Promise<TraceBackend> {
  const access = { authenticate: (token: string) => Promise.resolve(principalOf(token)) };
  return startBackend({ dataDirectory, accessMode: "token", ...parts }, { access });
}

export const ids = { acme: "a".repeat(32), globex: "b".repeat(32), trusted: "c".repeat(32) };
export const spanOf = (traceId: string, service: string, ...attributes: ReturnType<typeof text>[]) =>
  exampleSpan({ traceId, resource: resourceOf(service), name: `of ${service}`, attributes });

export async function send(backend: TraceBackend, token: string, ...spans: ReturnType<typeof spanOf>[]) {
  const answer = await fetch(`${backend.addresses.otlpHttp}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", authorization: `Bearer ${token}` },
    body: encodeBatch(spans),
  });
  expect(answer.status).toBe(200);
}

/** Spans of two tenants, sent by themselves and by a trusted writer. */
export async function sendOfTenants(backend: TraceBackend): Promise<void> {
  await send(backend, "acme-ingest", spanOf(ids.acme, "shop-of-acme", text("own", "1")));
  // What a bound sender says of tenants changes nothing for them, and takes no place of theirs.
  await send(backend, "acme-ingest", spanOf(ids.globex, "forged", text("tenant.id", "globex")));
  await send(backend, "globex-ingest", spanOf(ids.globex, "shop-of-globex", text("secret", "globex")));
  await send(
    backend,
    "all-ingest",
    spanOf(ids.trusted, "desk-of-globex", text("tenant.id", "globex"), text("secret", "globex")),
  );
}

export async function ask(backend: TraceBackend, token: string, path: string, init: RequestInit = {}) {
  const headers = {
    ...(init.headers as Record<string, string> | undefined),
    authorization: `Bearer ${token}`,
  };
  const answer = await fetch(`${backend.addresses.console}${path}`, { ...init, headers });
  return { status: answer.status, body: await answer.text() };
}

const window = "start=0&end=4102444800000000";
const v3Window = "query.startTimeMin=2000-01-01T00:00:00Z&query.startTimeMax=2099-01-01T00:00:00Z";
export const everyRead = [
  "/api/services",
  "/api/services/shop-of-globex/operations",
  "/api/operations?service=shop-of-globex",
  `/api/traces?service=shop-of-globex&${window}`,
  `/api/traces?traceID=${ids.globex}`,
  `/api/traces/${ids.globex}`,
  "/api/dependencies?endTs=1700000100000&lookback=86400000",
  "/api/metrics/calls?service=shop-of-globex&endTs=1700000100000",
  "/api/v3/services",
  "/api/v3/operations?service=shop-of-globex",
  `/api/v3/traces?${v3Window}`,
  `/api/v3/traces/${ids.globex}`,
  `/api/v3/trace-summaries?${v3Window}`,
  "/api/v3/dependencies?startTime=2000-01-01T00:00:00Z&endTime=2099-01-01T00:00:00Z",
  "/api/throughline/traces?from=2000-01-01T00:00:00Z&to=2099-01-01T00:00:00Z",
  `/api/throughline/traces/${ids.globex}`,
  "/api/throughline/attributes?from=2023-11-14T00:00:00Z&to=2023-11-15T00:00:00Z",
  "/api/throughline/attributes/secret?from=2023-11-14T00:00:00Z&to=2023-11-15T00:00:00Z",
  "/api/throughline/red?from=2023-11-14T00:00:00Z&to=2023-11-15T00:00:00Z",
  "/api/throughline/edges?from=2023-11-14T00:00:00Z&to=2023-11-15T00:00:00Z",
  "/api/throughline/export?format=otlp-json",
  "/api/throughline/export?format=jaeger-json",
  "/api/throughline/export?format=ndjson",
];
