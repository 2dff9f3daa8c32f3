import { expect, test } from "vitest";
import type { Amount, BudgetKeeper } from "./budget.ts";
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

/** What is counted against the caps for one answer; undefined: the reservation stays. */
async function countedFor(more: object, model = "gpt-4o-mini") {
  const settled: Amount[] = [];
  const budget: BudgetKeeper = {
    reserve: () =>
      Promise.resolve({
        remainingUsd: 1,
        settle: (spent: Amount) => {
          settled.push(spent);
          return Promise.resolve(2);
        },
      }),
  };
  const spans = recordSpans();
  await using server = await startModelServer((_request, response) =>
    sendJson(response, 200, completionOf(goodAnswer, more)),
  );
  const writer = exampleWriter(spans.tracer, [settingsFor(server.port, { model })], { budget });
  const written = await writer.write(
    exampleTicket,
    exampleContext,
    exampleWishes,
    new AbortController().signal,
  );
  expect(written.note.writer.kind).toBe("model");
  expect(settled.length).toBeLessThan(2);
  return { counted: settled[0], attributes: spans.only().attributes };
}

test.each([
  ["nothing", undefined],
  ["null", null],
  ["nonsense", { prompt_tokens: "many" }],
  ["more than any model takes", { prompt_tokens: 9_007_199_254_740_991, completion_tokens: 1 }],
])("a server that says %s of what it used may have used what was reserved", async (_what, usage) => {
  const { counted, attributes } = await countedFor({ usage });
  expect(counted).toBeUndefined();
  expect(attributes["llm.budget.remaining_usd"]).toBe(1);
});

test("a router that names another model is counted by the price of the one that was asked for", async () => {
  const { counted, attributes } = await countedFor({ model: "some-host/mini-fast" });
  expect(counted).toEqual({ usd: expect.closeTo(0.00024, 10) as number, tokens: 1_200 });
  expect(attributes).toMatchObject({
    "llm.cost.usd": expect.closeTo(0.00024, 10) as number,
    "gen_ai.response.model": "some-host/mini-fast",
  });
});

test("an answer in parts is read, without the model's thinking", async () => {
  const content = [
    { type: "thinking", thinking: [{ type: "text", text: "{}" }] },
    { type: "text", text: JSON.stringify(goodAnswer) },
  ];
  const choices = [
    { index: 0, finish_reason: null, message: { role: "assistant", content, tool_calls: null } },
  ];
  expect((await countedFor({ choices })).counted).toMatchObject({ tokens: 1_200 });
});
