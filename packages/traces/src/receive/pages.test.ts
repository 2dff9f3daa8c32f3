import { request } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { pino } from "pino";
import { listenOn } from "../listen.ts";
import { openGate } from "../access.ts";
import { ByteBudget } from "./byte-budget.ts";
import { Intake } from "./intake.ts";
import { createOtlpHttpServer } from "./otlp-http.ts";
import { createZipkinServer } from "./span-http.ts";

async function start(create: typeof createOtlpHttpServer, corsOrigins: string[]): Promise<string> {
  const server = create({
    intake: new Intake({
      sink: { append: () => Promise.resolve({ accepted: 0, rejected: 0, reason: "" }) },
      budget: new ByteBudget(1_000_000),
      refused: () => undefined,
    }),
    gate: openGate,
    isHealthy: () => Promise.resolve(true),
    corsOrigins,
    logger: pino({ level: "silent" }),
  });
  onTestFinished(() => void server.close());
  return `http://${await listenOn(server, "127.0.0.1", 0, (error) => expect.unreachable(String(error)))}`;
}

/** By node's own client: `fetch` sets Host and Origin as it likes. */
function send(url: string, method: string, headers: Record<string, string>, body = "{}") {
  return new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
    });
    sent.on("error", reject);
    sent.end(method === "OPTIONS" ? undefined : body);
  });
}

const json = { "content-type": "application/json" };
const ask = { "access-control-request-method": "POST", "access-control-request-headers": "content-type" };
const app = "https://app.example";

test.each([
  ["OTLP", createOtlpHttpServer, "/v1/traces", "{}", 200],
  ["Zipkin", createZipkinServer, "/api/v2/spans", "[]", 202],
] as const)(
  "%s takes nothing from pages, nor under a foreign name",
  async (_what, create, path, body, ok) => {
    const url = (await start(create, [])) + path;
    expect((await send(url, "POST", json, body)).status).toBe(ok);
    expect((await send(url, "POST", { ...json, host: "localhost:1" }, body)).status).toBe(ok);
    expect((await send(url, "POST", { ...json, host: "evil.example" }, body)).status).toBe(403);
    expect((await send(url, "POST", { ...json, origin: app }, body)).status).toBe(403);
    expect((await send(url, "POST", { ...json, origin: "null" }, body)).status).toBe(403);
    const question = await send(url, "OPTIONS", { ...ask, origin: app });
    expect([question.status, question.headers["access-control-allow-origin"]]).toEqual([403, undefined]);
  },
);

test("pages of an origin that a setting names may ask and send, others may not", async () => {
  const url = `${await start(createOtlpHttpServer, [app])}/v1/traces`;
  const question = await send(url, "OPTIONS", { ...ask, origin: app });
  expect(question).toMatchObject({
    status: 204,
    headers: {
      "access-control-allow-origin": app,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": expect.stringContaining("content-type"),
      vary: "origin",
    },
  });
  const sent = await send(url, "POST", { ...json, origin: app });
  expect([sent.status, sent.headers["access-control-allow-origin"]]).toEqual([200, app]);
  // A refusal can be read by the page too.
  const wrong = await send(url, "POST", { "content-type": "text/plain", origin: app });
  expect([wrong.status, wrong.headers["access-control-allow-origin"]]).toEqual([415, app]);
  expect((await send(url, "POST", { ...json, origin: "https://app.example.evil" })).status).toBe(403);
});

test("a star lets every page send", async () => {
  const url = `${await start(createOtlpHttpServer, ["*"])}/v1/traces`;
  expect((await send(url, "POST", { ...json, origin: "http://anything.example:8080" })).status).toBe(200);
});
