import { expect, test } from "vitest";
import { builtInPrices, costUsd as costOf, readPrices, type TokenUsage } from "./prices.ts";

const costUsd = (model: string, tokens: TokenUsage) => costOf(builtInPrices, model, tokens);

const usage = { inputTokens: 1_000_000, outputTokens: 1_000_000, cachedTokens: undefined };

test.each([
  ["gpt-4o-mini", 0.75],
  ["gpt-4o-mini-2024-07-18", 0.75],
  ["openai/gpt-4.1", 10],
  ["gpt-5-mini", 2.25],
])("%s has a price", (model, dollars) => expect(costUsd(model, usage)).toBeCloseTo(dollars, 9));

test.each(["llama-3.3-70b", "gpt-4o-audio-preview", "gpt-4o-2024-05-13", "my-gpt-4o", ""])(
  "the price of %j is not known",
  (model) => expect(costUsd(model, usage)).toBeUndefined(),
);

test("cached tokens cost their own price, and never more than there were", () => {
  expect(costUsd("gpt-4o-mini", { ...usage, outputTokens: 0, cachedTokens: 400_000 })).toBeCloseTo(0.12, 9);
  expect(costUsd("gpt-4o-mini", { ...usage, outputTokens: 0, cachedTokens: 9e9 })).toBeCloseTo(0.075, 9);
});

test("a file names prices beside the built-in ones, and before them", () => {
  const text = JSON.stringify({
    date: "2026-11-01",
    models: { "llama-3.3-70b": { input: 0, output: 0 }, "gpt-4o-mini": { input: 1, cached: 0.5, output: 2 } },
  });
  const prices = readPrices("prices.json", text);
  expect(costOf(prices, "llama-3.3-70b", usage)).toBe(0);
  expect(costOf(prices, "gpt-4o-mini-2024-07-18", usage)).toBe(3);
  expect(costOf(prices, "gpt-4.1", usage)).toBe(10);
});

test.each([
  ["{", "no JSON"],
  ['{"models": {}}', "date"],
  ['{"date": "2026-11-01", "models": {"m": {"input": -1, "output": 1}}}', "models.m.input"],
])("a wrong file is told with what is wrong: %s", (text, part) =>
  expect(() => readPrices("prices.json", text)).toThrow(part),
);
