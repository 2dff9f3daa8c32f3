import { expect, test } from "vitest";
import { Gate } from "../access.ts";
import { exampleSpan } from "../store/example-spans.ts";
import { get, serverOver } from "./stored-traces.ts";

/** Spans until 22:13:20 of that day were removed an hour later. */
const removed = {
  atMs: 1_700_003_600_000,
  lastStart: "1700000000000000000",
  receivedLastMs: 1_700_000_000_500,
};
const told = { at: "2023-11-14T23:13:20.000Z", until: "2023-11-14T22:13:20.000Z" };
const header = `at="${told.at}", until="${told.until}"`;
const earlier = "start=2023-11-14T22:00:00Z&end=2023-11-14T22:20:00Z";
const later = "start=2023-11-14T22:14:00Z&end=2023-11-14T22:20:00Z";
const paths = [
  "/api/throughline/traces?",
  "/api/throughline/attributes?",
  "/api/throughline/attribute-values?key=a&",
  "/api/throughline/red?",
  "/api/throughline/service-calls?",
];

test("an answer without anything says what retention removed, where that was asked for", async () => {
  const server = serverOver([], { removed });
  for (const path of paths) {
    const answer = await get(server, path + earlier);
    expect([path, JSON.parse(answer.body).removed]).toEqual([path, told]);
    expect([path, answer.headers["throughline-removed"]]).toEqual([path, header]);
    const lines = await server.inject({
      method: "GET",
      url: path + earlier,
      headers: { accept: "application/x-ndjson" },
    });
    expect([path, lines.body, lines.headers["throughline-removed"]]).toEqual([path, "", header]);
    const none = await get(server, path + later);
    expect([path, JSON.parse(none.body).removed]).toEqual([path, undefined]);
    expect([path, none.headers["throughline-removed"]]).toEqual([path, undefined]);
  }
  for (const format of ["otlp-json", "jaeger-json", "ndjson", "parquet"]) {
    const url = `/api/throughline/export?format=${format}&`;
    expect((await get(server, url + earlier)).headers["throughline-removed"]).toBe(header);
    expect((await get(server, url + later)).headers["throughline-removed"]).toBe(undefined);
  }
});

test("an answer with something says nothing of it", async () => {
  const server = serverOver([exampleSpan()], { removed });
  for (const path of [...paths.filter((one) => !one.includes("calls")), "/api/throughline/export?"]) {
    const answer = await get(server, path.replace("key=a", "key=service.name") + earlier);
    expect([path, answer.status, answer.headers["throughline-removed"]]).toEqual([path, 200, undefined]);
    expect([path, answer.body.includes('"removed"')]).toEqual([path, false]);
  }
});

test("a trace that is not there may have been: every API says so in its words", async () => {
  const server = serverOver([], { removed });
  const why =
    "spans received until 2023-11-14T22:13:20.500Z were removed by retention at 2023-11-14T23:13:20.000Z";
  const own = await get(server, "/api/throughline/traces/1");
  expect([own.status, JSON.parse(own.body).detail]).toEqual([
    404,
    `No span of trace ${"1".padStart(32, "0")} is stored: ${why}.`,
  ]);
  const legacy = await get(server, "/api/traces/1");
  expect([legacy.status, JSON.parse(legacy.body).errors]).toEqual([
    404,
    [{ code: 404, msg: `trace not found: ${why}` }],
  ]);
  const v3 = await get(server, "/api/v3/traces/1");
  expect([v3.status, JSON.parse(v3.body).error]).toEqual([
    404,
    { httpCode: 404, message: `No traces found: ${why}` },
  ]);
});

test("a tenant is not told when others' spans were", async () => {
  const limits = { spansPerSecond: undefined, bytesPerSecond: undefined };
  const gate = new Gate(
    {
      authenticate: (token) =>
        Promise.resolve({ id: token, name: token, scopes: ["read"], tenant: "acme", limits }),
    },
    true,
  );
  const server = serverOver([], { removed, gate });
  for (const path of [...paths, "/api/throughline/export?", "/api/traces/1?", "/api/throughline/traces/1?"]) {
    const url = path.endsWith("1?") ? path.slice(0, -1) : path + earlier;
    const { body, headers } = await server.inject({ url, headers: { authorization: "Bearer t" } });
    expect([path, body.includes("removed"), headers["throughline-removed"]]).toEqual([
      path,
      false,
      undefined,
    ]);
  }
});
