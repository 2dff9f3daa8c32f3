import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { expect, test } from "vitest";
import type { SpanRecord } from "../../model.ts";
import { anySpan, exampleSpan, resourceOf, text } from "../../store/example-spans.ts";
import { get, serverOver } from "../stored-traces.ts";
import * as fc from "fast-check";

const base = 1_700_000_000_000_000_000n;
const traceId = "a".repeat(32);
const link = {
  traceId: "b".repeat(32),
  spanId: "c".repeat(16),
  traceState: "",
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
};
/** Spans with everything, of two services, beside spans of any kind that OTLP can carry. */
const spans: SpanRecord[] = [
  exampleSpan({
    traceId,
    spanId: "1".repeat(16),
    endUnixNano: base + 900n,
    attributes: [text("ticket.id", "T-1")],
  }),
  exampleSpan({
    traceId,
    spanId: "2".repeat(16),
    parentSpanId: "1".repeat(16),
    resource: resourceOf("stock"),
    startUnixNano: base + 10n,
    endUnixNano: base + 800n,
    statusCode: 2,
    statusMessage: "refused",
    links: [link],
    events: [
      {
        timeUnixNano: base + 11n,
        name: "exception",
        attributes: [text("exception.message", "no")],
        droppedAttributesCount: 0,
      },
    ],
    attributes: [
      { key: "bytes", value: { type: "bytes", value: Uint8Array.of(1) } },
      { key: "not", value: { type: "double", value: Number.NaN } },
    ],
  }),
  ...fc.sample(anySpan, { numRuns: 30, seed: 6 }),
];

interface Content {
  schema: object;
}
interface Document {
  openapi: string;
  paths: Record<
    string,
    {
      get: {
        responses: Record<string, { content: Record<string, Content> }>;
        parameters?: { name: string; in: string }[];
      };
    }
  >;
}

async function served(): Promise<{
  document: Document;
  check: (path: string, status: string, type: string, answer: unknown) => void;
}> {
  const answer = await get(serverOver([]), "/api/throughline/openapi.json");
  expect([answer.status, answer.type]).toEqual([200, "application/json"]);
  const document = JSON.parse(answer.body) as Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: "document", ...document });
  const check = (path: string, status: string, type: string, body: unknown): void => {
    const pointer = ["paths", path, "get", "responses", status, "content", type, "schema"]
      .map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"))
      .map(encodeURIComponent)
      .join("/");
    const validate = ajv.compile({ $ref: `document#/${pointer}` });
    expect(validate(body), `${path} ${status}: ${JSON.stringify(validate.errors)}`).toBe(true);
  };
  return { document, check };
}

const window = "start=2023-11-14T22:00:00Z&end=2023-11-14T23:00:00Z";
const routes: [path: string, request: string][] = [
  ["/api/throughline/traces", `/api/throughline/traces?limit=100`],
  [
    "/api/throughline/traces",
    `/api/throughline/traces?tag=ticket.id=T-1&where=:status = ok or exists exists&minDuration=1ns`,
  ],
  ["/api/throughline/traces/{traceId}", `/api/throughline/traces/${traceId}`],
  ["/api/throughline/attributes", `/api/throughline/attributes?${window}`],
  ["/api/throughline/attribute-values", `/api/throughline/attribute-values?key=ticket.id&${window}`],
  ["/api/throughline/red", `/api/throughline/red?${window}`],
  ["/api/throughline/red", `/api/throughline/red?by=service&step=60&${window}`],
  ["/api/throughline/exemplars", `/api/throughline/exemplars?service=shop&${window}`],
  ["/api/throughline/service-calls", `/api/throughline/service-calls?${window}`],
];

test("the document that is served is OpenAPI 3.1", async () => {
  const { document } = await served();
  expect(document.openapi).toMatch(/^3\.1\./);
  const result = await new Validator().validate(structuredClone(document) as never);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});

test.each(routes)(
  "what %s answers is what the document says of it, as JSON and line by line",
  async (path, request) => {
    const { check } = await served();
    const server = serverOver(spans);
    const whole = await get(server, encodeURI(request));
    expect(whole.status, whole.body).toBe(200);
    check(path, "200", "application/json", JSON.parse(whole.body));
    const lines = await server.inject({
      method: "GET",
      url: encodeURI(request),
      headers: { accept: "application/x-ndjson" },
    });
    expect([lines.statusCode, lines.headers["content-type"], lines.headers["vary"]]).toEqual([
      200,
      "application/x-ndjson",
      "accept",
    ]);
    const list = Object.values(JSON.parse(whole.body) as Record<string, unknown>).findLast(
      Array.isArray,
    ) as unknown[];
    expect(
      lines.body
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(list);
    for (const element of list) check(path, "200", "application/x-ndjson", element);
  },
);

test.each([`/api/throughline/structure?trace=${traceId}`, "/api/throughline/differences?limit=100"])(
  "what %s answers is what the document says of it",
  async (request) => {
    const { check } = await served();
    const answer = await get(serverOver(spans), request);
    expect(answer.status, answer.body).toBe(200);
    check(request.split("?", 1)[0] ?? "", "200", "application/json", JSON.parse(answer.body));
  },
);

test("every route of the document is served, knows its parameters and refuses others as the document says", async () => {
  const { document, check } = await served();
  const server = serverOver(spans);
  const examples: Record<string, string> = {
    start: "2023-11-14T22:00:00Z",
    end: "2023-11-14T23:00:00Z",
    limit: "5",
    key: "a",
    tag: "a=b",
    status: "error",
    where: "a exists",
    minDuration: "1s",
    maxDuration: "2s",
    minTraceDuration: "1s",
    maxTraceDuration: "2s",
    format: "ndjson",
    by: "service",
    kind: "server",
    step: "5",
    cursor: `${base}-${traceId}`,
    trace: traceId,
    select: "slow",
    slowerThan: "1s",
    attributes: "5",
  };
  for (const [path, { get: operation }] of Object.entries(document.paths)) {
    const query = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === "query")
      .map(({ name }) => `${name}=${encodeURIComponent(examples[name] ?? "x")}`);
    const url = path.replace("{traceId}", traceId);
    const answer = await get(server, `${url}?${query.join("&")}`);
    expect([path, answer.status, answer.status === 200 ? "" : answer.body]).toEqual([path, 200, ""]);
    if (query.length === 0) continue;
    const refused = await get(server, `${url}?unheard=of`);
    check(path, "400", "application/problem+json", JSON.parse(refused.body));
    expect(refused.status).toBe(400);
  }
  const missing = await get(server, `/api/throughline/traces/${"d".repeat(32)}`);
  check("/api/throughline/traces/{traceId}", "404", "application/problem+json", JSON.parse(missing.body));
});

test("answers link to the console and to their next page, which begins where they end", async () => {
  const server = serverOver(spans);
  const answer = await get(server, "/api/throughline/traces?limit=4&minDuration=0");
  const link = String(answer.headers["link"]);
  expect(link).toContain('</search?minDuration=0>; rel="alternate"; type="text/html"');
  const [, next = ""] = /<([^>]*)>; rel="next"/.exec(link) ?? [];
  const ids = (body: string) =>
    (JSON.parse(body) as { traces: { traceId: string }[] }).traces.map((one) => one.traceId);
  const second = await get(server, next);
  const both = await get(server, "/api/throughline/traces?limit=8");
  expect([...ids(answer.body), ...ids(second.body)]).toEqual(ids(both.body));
  const trace = await get(server, `/api/throughline/traces/${traceId}`);
  expect(trace.headers["link"]).toBe(`</trace/${traceId}>; rel="alternate"; type="text/html"`);
});

test("line by line a search goes on to its end, whatever a page holds", async () => {
  const many = Array.from({ length: 180 }, (_, at) =>
    exampleSpan({ traceId: (at + 1).toString(16).padStart(32, "0"), startUnixNano: base + BigInt(at) }),
  );
  const answer = await serverOver(many).inject({
    method: "GET",
    url: "/api/throughline/traces?limit=5000",
    headers: { accept: "application/json;q=0.5, application/x-ndjson" },
  });
  expect(
    new Set(
      answer.body
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { traceId: string }).traceId),
    ).size,
  ).toBe(180);
});
