/** US dollars per million tokens, as published by the vendor on the day named. Models that are not listed have no cost. */
const pricesOf2026November = [
  { prefix: "gpt-4o-mini", input: 0.15, cached: 0.075, output: 0.6 },
  { prefix: "gpt-4o", input: 2.5, cached: 1.25, output: 10 },
  { prefix: "gpt-4.1-nano", input: 0.1, cached: 0.025, output: 0.4 },
  { prefix: "gpt-4.1-mini", input: 0.4, cached: 0.1, output: 1.6 },
  { prefix: "gpt-4.1", input: 2, cached: 0.5, output: 8 },
  { prefix: "gpt-5-nano", input: 0.05, cached: 0.005, output: 0.4 },
  { prefix: "gpt-5-mini", input: 0.25, cached: 0.025, output: 2 },
] as const;

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
  /** Of the input tokens, those that were billed as cached; undefined where the server does not say. */
  cachedTokens: number | undefined;
}

/** What an answer cost; undefined where the model's price is not known. */
export function costUsd(model: string, usage: TokenUsage): number | undefined {
  // Servers name a dated version: gpt-4o-mini-2024-07-18. The list goes from the longer prefix to the shorter.
  const price = pricesOf2026November.find(({ prefix }) => model === prefix || model.startsWith(`${prefix}-`));
  if (price === undefined) return undefined;
  const cached = usage.cachedTokens ?? 0;
  const dollars =
    (usage.inputTokens - cached) * price.input + cached * price.cached + usage.outputTokens * price.output;
  return dollars / 1_000_000;
}
