import { traceView } from "@throughline/api";
import { expect, test } from "vitest";
import type { SpanRecord } from "../model.ts";
import { exampleSpan, plainScope, resourceOf } from "../store/example-spans.ts";
import { get, serverOver } from "./stored-traces.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const hex = (id: number): string => id.toString(16).padStart(16, "0");
const resource = resourceOf("shop");

/** Spans of one resource, each below the one that `parentOf` names; 0 is none. */
function trace(count: number, parentOf: (id: number) => number): SpanRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const parent = parentOf(index + 1);
    return exampleSpan({
      spanId: hex(index + 1),
      parentSpanId: parent === 0 ? "" : hex(parent),
      startUnixNano: 1_700_000_000_000_000_000n + BigInt(index),
      endUnixNano: 1_700_000_000_000_000_000n + BigInt(2 * count - index),
      resource,
      scope: plainScope,
    });
  });
}

test("a chain of 5,000 spans is answered by every API", async () => {
  const server = serverOver(trace(5_000, (id) => id - 1));
  const legacy = JSON.parse((await get(server, `/api/traces/${traceId}`)).body);
  expect(legacy.data[0].spans).toHaveLength(5_000);
  const v3 = JSON.parse((await get(server, `/api/v3/traces/${traceId}`)).body);
  expect(v3.result.resourceSpans[0].scopeSpans[0].spans).toHaveLength(5_000);
  const view = traceView.parse(JSON.parse((await get(server, `/api/throughline/traces/${traceId}`)).body));
  expect(view.spans.at(-1)).toMatchObject({ depth: 4_999, selfNs: 2 });
  expect(view.spans[0]).toMatchObject({ depth: 0, selfNs: 2 });
});

test(
  "a trace of 25,000 spans comes whole over a socket, while others are served",
  { timeout: 30_000 },
  async () => {
    const server = serverOver(trace(25_000, (id) => (id === 1 ? 0 : (id % 1_000) + 1)));
    const address = await server.listen({ host: "127.0.0.1", port: 0 });
    const large = fetch(`${address}/api/throughline/traces/${traceId}`).then((answer) => answer.json());
    const services = await (await fetch(`${address}/api/v3/services`)).json();
    expect(services).toEqual({ services: ["shop"] });
    expect(await large).toMatchObject({ summary: { spanCount: 25_000 } });
  },
);

test("clients that read large traces slowly leave room for others, and are told when there is none", async () => {
  const server = serverOver(
    trace(25_000, (id) => (id === 1 ? 0 : 1)),
    { spansAtMost: 30_000 },
  );
  const address = await server.listen({ host: "127.0.0.1", port: 0 });
  const slow = new AbortController();
  const first = await fetch(`${address}/api/traces/${traceId}`, { signal: slow.signal });
  expect(first.status).toBe(200);
  const second = await fetch(`${address}/api/throughline/traces/${traceId}`);
  expect([second.status, await second.json()]).toEqual([
    503,
    expect.objectContaining({ code: "TL_READS_OVERLOADED" }),
  ]);
  expect((await fetch(`${address}/api/v3/services`)).status).toBe(200);
  slow.abort();
  const deadline = Date.now() + 20_000;
  let status = 0;
  while (status !== 200 && Date.now() < deadline)
    status = (await fetch(`${address}/api/v3/traces/${traceId}`)).status;
  expect(status).toBe(200);
}, 60_000);
