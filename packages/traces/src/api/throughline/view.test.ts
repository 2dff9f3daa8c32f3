import { traceView } from "@throughline/api";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { exampleSpan, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const id = (digit: string): string => digit.repeat(16);
const start = 1_700_000_000_000_000_000n;

async function view(spans: readonly SpanRecord[]) {
  const { status, body } = await get(serverOver(spans), `/api/throughline/traces/${traceId}`);
  expect([status, body]).toEqual([200, body]);
  return traceView.parse(JSON.parse(body));
}

test("spans come depth first with self times, and the bottleneck is named with its share", async () => {
  const { summary, spans, bottleneck } = await view([
    exampleSpan({
      spanId: id("3"),
      parentSpanId: id("1"),
      name: "b",
      startUnixNano: start + 60n,
      endUnixNano: start + 90n,
    }),
    exampleSpan({
      spanId: id("2"),
      parentSpanId: id("1"),
      name: "a",
      startUnixNano: start + 10n,
      endUnixNano: start + 60n,
    }),
    exampleSpan({ spanId: id("1"), name: "root", endUnixNano: start + 100n }),
    exampleSpan({
      spanId: id("4"),
      parentSpanId: id("9"),
      name: "lost",
      startUnixNano: start + 5n,
      endUnixNano: start + 6n,
    }),
  ]);
  expect(
    spans.map(({ name, depth, startOffsetNs, durationNs, selfNs }) => [
      name,
      depth,
      startOffsetNs,
      durationNs,
      selfNs,
    ]),
  ).toEqual([
    ["root", 0, 0, 100, 20],
    ["a", 1, 10, 50, 50],
    ["b", 1, 60, 30, 30],
    ["lost", 0, 5, 1, 1],
  ]);
  expect(spans.map(({ parentSpanId, parentMissing }) => [parentSpanId, parentMissing])).toEqual([
    [null, false],
    [id("1"), false],
    [id("1"), false],
    [id("9"), true],
  ]);
  expect(bottleneck).toEqual({ spanId: id("2"), name: "a", selfNs: 50, percent: 50 });
  expect(summary).toMatchObject({ traceId, startUnixNano: String(start), durationNs: 100, spanCount: 4 });
});

test("a span tells all that it carries", async () => {
  const {
    spans: [span],
  } = await view([
    exampleSpan({
      kind: 5,
      statusCode: 2,
      statusMessage: "it broke",
      attributes: [
        { key: "big", value: { type: "int", value: 2n ** 60n } },
        { key: "int", value: { type: "int", value: 7n } },
        { key: "double", value: { type: "double", value: Number.POSITIVE_INFINITY } },
        { key: "bytes", value: { type: "bytes", value: new Uint8Array([0, 255]) } },
        {
          key: "map",
          value: {
            type: "map",
            value: [
              text("__proto__", "x"),
              { key: "l", value: { type: "array", value: [{ type: "empty" }] } },
            ],
          },
        },
      ],
      events: [
        { timeUnixNano: start + 7n, name: "late", attributes: [], droppedAttributesCount: 0 },
        { timeUnixNano: start + 3n, name: "early", attributes: [text("k", "v")], droppedAttributesCount: 0 },
      ],
      links: [
        {
          traceId: "b".repeat(32),
          spanId: id("1"),
          traceState: "",
          attributes: [],
          droppedAttributesCount: 0,
          flags: 0,
        },
      ],
    }),
  ]);
  expect(span).toMatchObject({
    kind: "consumer",
    status: "error",
    statusMessage: "it broke",
    service: "shop",
    scope: { name: "example", version: "1.0" },
    resource: [{ key: "service.name", type: "string", value: "shop" }],
    events: [
      { name: "early", offsetNs: 3, attributes: [{ key: "k", type: "string", value: "v" }] },
      { name: "late", offsetNs: 7 },
    ],
    links: [{ traceId: "b".repeat(32), spanId: id("1"), attributes: [] }],
  });
  expect(JSON.stringify(span?.attributes)).toBe(
    '[{"key":"big","type":"int","value":"1152921504606846976"},{"key":"int","type":"int","value":7},' +
      '{"key":"double","type":"double","value":"Infinity"},{"key":"bytes","type":"bytes","value":"AP8="},' +
      '{"key":"map","type":"map","value":{"__proto__":"x","l":[null]}}]',
  );
});

test("a client and a server span of one id stand one below the other", async () => {
  const { spans } = await view([
    exampleSpan({ kind: 2, name: "serve" }),
    exampleSpan({ kind: 3, name: "call" }),
  ]);
  expect(spans.map(({ name, depth }) => [name, depth])).toEqual([
    ["call", 0],
    ["serve", 1],
  ]);
});

test("an instant trace has no bottleneck", async () => {
  expect((await view([exampleSpan({ endUnixNano: start })])).bottleneck).toBeNull();
});

test("an unknown trace is a 404 problem, a wrong id a 400 one", async () => {
  const server = serverOver([]);
  const missing = await get(server, `/api/throughline/traces/${traceId}`);
  expect([missing.status, JSON.parse(missing.body).code]).toEqual([404, "TL_TRACE_NOT_FOUND"]);
  const wrong = await get(server, "/api/throughline/traces/TICKET-1");
  expect([wrong.status, JSON.parse(wrong.body).code]).toEqual([400, "TL_PARAMETER_INVALID"]);
});
