import { expect, test } from "vitest";
import { costUsd } from "./prices.ts";

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
