/** US dollars per million tokens, OpenAI's standard tier as listed in mid-2026. A model that is not listed has no known cost. */
const pricesOfMid2026 = [
  { model: "gpt-4o-mini", input: 0.15, cached: 0.075, output: 0.6 },
  { model: "gpt-4o", input: 2.5, cached: 1.25, output: 10 },
  { model: "gpt-4.1-nano", input: 0.1, cached: 0.025, output: 0.4 },
  { model: "gpt-4.1-mini", input: 0.4, cached: 0.1, output: 1.6 },
  { model: "gpt-4.1", input: 2, cached: 0.5, output: 8 },
  { model: "gpt-5-nano", input: 0.05, cached: 0.005, output: 0.4 },
  { model: "gpt-5-mini", input: 0.25, cached: 0.025, output: 2 },
] as const;
/** Its first dated version kept the higher price of its day. */
const otherPrice = "gpt-4o-2024-05-13";

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
  /** Of the input tokens, those that were billed as cached; undefined where the server does not say. */
  cachedTokens: number | undefined;
}

/** What an answer cost; undefined where the model's price is not known. */
export function costUsd(model: string, usage: TokenUsage): number | undefined {
  // Servers name a dated version, gpt-4o-mini-2024-07-18, and routers the vendor, openai/gpt-4o-mini. Any other suffix
  // (gpt-4o-audio-preview) is another model.
  const name = model.replace(/^openai\//, "");
  const price = pricesOfMid2026.find(
    ({ model: listed }) =>
      name === listed || (name.startsWith(listed) && /^-\d{4}-\d{2}-\d{2}$/.test(name.slice(listed.length))),
  );
  if (price === undefined || name === otherPrice) return undefined;
  const cached = Math.min(usage.cachedTokens ?? 0, usage.inputTokens);
  const dollars =
    (usage.inputTokens - cached) * price.input + cached * price.cached + usage.outputTokens * price.output;
  return dollars / 1_000_000;
}
