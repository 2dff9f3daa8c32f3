import { SpanStatusCode } from "@opentelemetry/api";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { exampleContext, exampleTicket } from "./example-context.ts";
import {
  completionOf,
  goodAnswer,
  recordSpans,
  sendJson,
  settingsFor,
  startModelServer,
} from "./example-model-server.ts";
import type { WriterOptions } from "./writer.ts";
import { exampleWishes, exampleWriter } from "./example-options.ts";

/** Writes one note with a model that fails; the note must be the extractive one, and the span must say why. */
async function failWith(
  answer: (response: ServerResponse, at: number) => void,
  more: Partial<WriterOptions> = {},
) {
  const spans = recordSpans();
  await using server = await startModelServer((_request, response, at) => answer(response, at));
  const writer = exampleWriter(spans.tracer, [settingsFor(server.port)], more);
  const started = performance.now();
  const { note, failure } = await writer.write(
    exampleTicket,
    exampleContext,
    exampleWishes,
    new AbortController().signal,
  );
  const span = spans.only();
  expect(failure).toMatchObject({ code: "TL_LLM_FAILED" });
  expect(note.writer).toEqual({ kind: "extractive", because: "failed" });
  expect(note.sections.some(({ items }) => items.length > 0)).toBe(true);
  expect(span.status.code).toBe(SpanStatusCode.ERROR);
  expect(span.kindName).toBe("CLIENT");
  expect(span.attributes["error.message"]).toBe(failure?.message);
  expect(span.events.map(({ name }) => name)).toContain("exception");
  expect(JSON.stringify([span.attributes, span.events])).not.toContain("sk-test-0123456789abcdef");
  return { attributes: span.attributes, requests: server.requests.length, ms: performance.now() - started };
}

test("a server that fails is asked three times; the span says with which status it ended", async () => {
  const { attributes, requests } = await failWith((response) =>
    sendJson(response, 500, { error: { message: "boom" } }, { "retry-after-ms": "10" }),
  );
  expect(requests).toBe(3);
  expect(attributes).toMatchObject({ "status.code": 500, "error.type": "500" });
});

test("a wrong key is told once, without what the server quotes", async () => {
  const { attributes, requests } = await failWith((response) =>
    sendJson(response, 401, {
      error: { message: "Incorrect API key provided: sk-test-0123456789abcdef", code: "invalid_api_key" },
    }),
  );
  expect(requests).toBe(1);
  expect(attributes).toMatchObject({
    "status.code": 401,
    "error.message": "The model server answered 401 (invalid_api_key): check OPENAI_API_KEY.",
  });
});

test("a server that never answers costs the budget and no more", async () => {
  const { attributes, ms } = await failWith(() => {}, { timeoutMs: 200 });
  expect(attributes).toMatchObject({
    "status.code": 2,
    "error.type": "timeout",
    "error.message": "The model did not answer within 0.2 s.",
  });
  expect(ms).toBeLessThan(3_000);
});

test("an answer that stops half-way costs the budget and no more", async () => {
  const { attributes } = await failWith(
    (response) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"choices": [');
    },
    { timeoutMs: 200 },
  );
  expect(attributes["error.type"]).toBe("timeout");
});

test.each([["40"], [new Date(Date.now() + 40_000).toUTCString()]])(
  "a server that asks for more patience than the budget has is not waited for: %s",
  async (retryAfter) => {
    const { attributes, requests, ms } = await failWith((response) =>
      sendJson(response, 429, { error: { message: "slow down" } }, { "retry-after": retryAfter }),
    );
    expect(requests).toBe(1);
    expect(attributes).toMatchObject({ "status.code": 429, "error.type": "429" });
    expect(ms).toBeLessThan(3_000);
  },
);

test("a budget that ends between two tries names what the server answered", async () => {
  const { attributes } = await failWith((response) => sendJson(response, 503, { error: {} }), {
    timeoutMs: 200,
  });
  expect(attributes).toMatchObject({ "status.code": 503, "error.type": "503" });
});

test("an answer without end is cut off", async () => {
  const { attributes, ms } = await failWith((response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const block = Buffer.alloc(256 * 1024, " ");
    const send = () => {
      while (!response.destroyed && response.write(block));
      response.once("drain", send);
    };
    send();
  });
  expect(attributes["error.message"]).toBe("The model server's answer is over 1048576 bytes.");
  expect(ms).toBeLessThan(4_000);
});

test("a redirect takes neither key nor ticket elsewhere", async () => {
  const { attributes, requests } = await failWith((response) => {
    response.writeHead(307, { location: "http://127.0.0.1:9/v1/chat/completions" });
    response.end();
  });
  expect(requests).toBe(1);
  expect(attributes["error.message"]).toBe(
    "The model server answered 307: a redirect, check OPENAI_BASE_URL.",
  );
});

test("a server that is away is named with the system's reason", async () => {
  const gone = await startModelServer(() => {});
  await gone[Symbol.asyncDispose]();
  const spans = recordSpans();
  const writer = exampleWriter(spans.tracer, [settingsFor(gone.port)]);
  const { failure } = await writer.write(
    exampleTicket,
    exampleContext,
    exampleWishes,
    new AbortController().signal,
  );
  expect(failure?.message).toBe("The model server cannot be reached (ECONNREFUSED): check OPENAI_BASE_URL.");
  expect(spans.only().attributes["error.type"]).toBe("TL_LLM_FAILED");
});

test.each([
  ["a web page", "<html>Welcome</html>", "text/html"],
  ["broken JSON", '{"choices": ', "application/json"],
  ["null", "null", "application/json"],
  ["another object", '{"ok": true}', "application/json"],
  ["no choices", '{"choices": []}', "application/json"],
])("an answer that is no completion: %s", async (_name, body, type) => {
  await failWith((response) => {
    response.writeHead(200, { "content-type": type });
    response.end(body);
  });
});

test.each([
  ["garbage", "Certainly! Here is your note."],
  ["JSON of another form", '{"note": "Renew the certificate."}'],
  ["no text", ""],
  [
    "invented sources only",
    {
      ...goodAnswer,
      similar_tickets: [],
      relevant_documentation: [],
      system_information: [],
      recommended_next_steps: [{ text: "Call 555.", sources: [99] }],
    },
  ],
])("a text that is no note, with what it cost on the span: %s", async (_name, content) => {
  const { attributes } = await failWith((response) => sendJson(response, 200, completionOf(content)));
  expect(attributes).toMatchObject({
    "error.type": "TL_LLM_FAILED",
    "gen_ai.usage.input_tokens": 1_000,
    "llm.cost.usd": expect.any(Number) as number,
  });
});

test("an answer that was cut at the token limit says so", async () => {
  const choices = [
    { index: 0, finish_reason: "length", message: { role: "assistant", content: '{"similar' } },
  ];
  const { attributes } = await failWith((response) => sendJson(response, 200, completionOf("", { choices })));
  expect(attributes["error.message"]).toBe("The model's answer was cut off at 1000 tokens.");
});

test.each([
  ["refused", { content: null, refusal: "I cannot help with that." }, "The model refused to answer."],
  ["called a tool", { content: null, tool_calls: [{ id: "1" }] }, "The model's answer holds no text."],
])("a model that %s in place of an answer says so", async (_what, message, told) => {
  const choices = [{ index: 0, finish_reason: "stop", message: { role: "assistant", ...message } }];
  const { attributes } = await failWith((response) => sendJson(response, 200, completionOf("", { choices })));
  expect(attributes["error.message"]).toBe(told);
});

test("an error inside HTTP 200 counts as the status that it names", async () => {
  const { attributes } = await failWith((response) =>
    sendJson(response, 200, { error: { message: "upstream is busy", code: 429 } }),
  );
  expect(attributes).toMatchObject({ "status.code": 429, "error.type": "429" });
});

test("a job that is cancelled ends the call with the job's reason and writes nothing", async () => {
  const spans = recordSpans();
  await using server = await startModelServer(() => {});
  const writer = exampleWriter(spans.tracer, [settingsFor(server.port)]);
  const job = new AbortController();
  const reason = new Error("the job's time is over");
  const written = writer.write(exampleTicket, exampleContext, exampleWishes, job.signal);
  setTimeout(() => job.abort(reason), 50);
  await expect(written).rejects.toBe(reason);
  expect(spans.only().status.code).toBe(SpanStatusCode.ERROR);
});
