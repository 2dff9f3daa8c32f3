import { SpanStatusCode } from "@opentelemetry/api";
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
import { exampleWishes, exampleWriter } from "./example-options.ts";

const never = new AbortController().signal;

test("without a model the note is extractive, and the span is INTERNAL without GenAI attributes", async () => {
  const spans = recordSpans();
  const { note, failure } = await exampleWriter(spans.tracer, []).write(
    exampleTicket,
    exampleContext,
    exampleWishes,
    never,
  );
  expect(failure).toBeUndefined();
  expect(note.writer).toEqual({ kind: "extractive", because: "unconfigured" });
  const span = spans.only();
  expect(span.name).toBe("llm.openai.completion");
  expect(span.kindName).toBe("INTERNAL");
  expect(span.status.code).toBe(SpanStatusCode.UNSET);
  expect(span.attributes).toEqual({
    "llm.writer": "extractive",
    "tenant.id": "acme",
    "ticket.id": "TICKET-456",
    "status.code": 0,
  });
});

test("a model writes the note, and its span follows the GenAI conventions", async () => {
  const spans = recordSpans();
  await using server = await startModelServer((_request, response) =>
    sendJson(response, 200, completionOf(goodAnswer)),
  );
  const writer = exampleWriter(spans.tracer, [settingsFor(server.port)]);
  const { note, failure } = await writer.write(exampleTicket, exampleContext, exampleWishes, never);
  expect(failure).toBeUndefined();
  expect(note.writer).toEqual({ kind: "model", model: "gpt-4o-mini-2024-07-18" });
  expect(note.sections.map(({ title, items }) => [title, items[0]?.sources])).toEqual([
    ["Similar Tickets", [1]],
    ["Relevant Documentation", [3]],
    ["System Information", [4]],
    ["Recommended Next Steps", [1, 3]],
  ]);
  const span = spans.only();
  expect(span.kindName).toBe("CLIENT");
  expect(span.attributes).toEqual({
    "tenant.id": "acme",
    "ticket.id": "TICKET-456",
    "status.code": 0,
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.request.max_tokens": 1_000,
    "gen_ai.request.temperature": 0.3,
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 1_000,
    "gen_ai.usage.output_tokens": 200,
    "gen_ai.usage.cache_read.input_tokens": 400,
    "llm.cost.usd": expect.closeTo(0.00024, 10) as number,
    "llm.claims.removed": 0,
    "server.address": "127.0.0.1",
    "server.port": server.port,
  });
});

test("the request is a chat completion with the key, the limits and a strict schema", async () => {
  await using server = await startModelServer((_request, response) =>
    sendJson(response, 200, completionOf(goodAnswer)),
  );
  const writer = exampleWriter(recordSpans().tracer, [settingsFor(server.port)]);
  await writer.write(exampleTicket, exampleContext, exampleWishes, never);
  const [request] = server.requests;
  expect(request?.path).toBe("/v1/chat/completions");
  expect(request?.headers.authorization).toBe("Bearer sk-test-0123456789abcdef");
  expect(request?.body).toMatchObject({
    model: "gpt-4o-mini",
    max_tokens: 1_000,
    temperature: 0.3,
    response_format: { type: "json_schema", json_schema: { strict: true } },
  });
});

test("what a server does not tell is not on the span", async () => {
  const spans = recordSpans();
  await using server = await startModelServer((_request, response) =>
    sendJson(
      response,
      200,
      completionOf(goodAnswer, { id: null, model: "llama-3", usage: { prompt_tokens: -1 } }),
    ),
  );
  const writer = exampleWriter(spans.tracer, [settingsFor(server.port)]);
  expect((await writer.write(exampleTicket, exampleContext, exampleWishes, never)).failure).toBeUndefined();
  const { attributes } = spans.only();
  expect(attributes).toMatchObject({ "gen_ai.response.model": "llama-3" });
  for (const key of [
    "gen_ai.response.id",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "llm.cost.usd",
  ])
    expect(attributes).not.toHaveProperty(key);
});

test("a server that is busy is asked again after the time that it names", async () => {
  const spans = recordSpans();
  await using server = await startModelServer((_request, response, at) =>
    at === 0
      ? sendJson(response, 429, { error: { message: "slow down" } }, { "retry-after": "0.05" })
      : sendJson(response, 200, completionOf(goodAnswer)),
  );
  const writer = exampleWriter(spans.tracer, [settingsFor(server.port)]);
  const { note, failure } = await writer.write(exampleTicket, exampleContext, exampleWishes, never);
  expect(failure).toBeUndefined();
  expect(note.writer.kind).toBe("model");
  expect(server.requests).toHaveLength(2);
  expect(spans.only().status.code).toBe(SpanStatusCode.UNSET);
});

test("a server without json_schema is asked once more for plain JSON, the next ticket at once", async () => {
  await using server = await startModelServer(({ body }, response) =>
    body.response_format.type === "json_schema"
      ? sendJson(response, 400, { error: { message: "response_format is not supported" } })
      : sendJson(response, 200, completionOf(`\`\`\`json\n${JSON.stringify(goodAnswer)}\n\`\`\``)),
  );
  const writer = exampleWriter(recordSpans().tracer, [settingsFor(server.port)]);
  for (let ticket = 0; ticket < 2; ticket++) {
    expect((await writer.write(exampleTicket, exampleContext, exampleWishes, never)).note.writer.kind).toBe(
      "model",
    );
  }
  expect(server.requests.map(({ body }) => body.response_format.type)).toEqual([
    "json_schema",
    "json_object",
    "json_object",
  ]);
});

test("a reasoning model gets its own name for the token limit and no temperature", async () => {
  await using server = await startModelServer(({ body }, response) => {
    const refuse = (param: string, message: string) =>
      sendJson(response, 400, { error: { message, param, code: "unsupported_parameter" } });
    if ("max_tokens" in body) return refuse("max_tokens", "Use 'max_completion_tokens' instead.");
    if ("temperature" in body) return refuse("temperature", "'temperature' does not support 0.3.");
    sendJson(response, 200, completionOf(goodAnswer));
  });
  const writer = exampleWriter(recordSpans().tracer, [settingsFor(server.port)]);
  expect((await writer.write(exampleTicket, exampleContext, exampleWishes, never)).note.writer.kind).toBe(
    "model",
  );
  expect(server.requests).toHaveLength(3);
  expect(server.requests[2]?.body).toMatchObject({
    max_completion_tokens: 1_000,
    response_format: { type: "json_schema" },
  });
});
