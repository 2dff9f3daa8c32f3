import { ThroughlineError } from "@throughline/api";
import { z } from "zod";

/** US dollars per million tokens. */
interface Price {
  input: number;
  /** Input that the server had in its cache. */
  cached: number;
  output: number;
}

/** What models cost, as known on a day. */
export interface PriceList {
  /** ISO date. */
  date: string;
  models: Readonly<Record<string, Price>>;
}

/** OpenAI's standard tier. A model that is not listed has no known cost: `--prices` names others. */
export const builtInPrices: PriceList = {
  date: "2026-07-01",
  models: {
    "gpt-4o-mini": { input: 0.15, cached: 0.075, output: 0.6 },
    "gpt-4o": { input: 2.5, cached: 1.25, output: 10 },
    "gpt-4.1-nano": { input: 0.1, cached: 0.025, output: 0.4 },
    "gpt-4.1-mini": { input: 0.4, cached: 0.1, output: 1.6 },
    "gpt-4.1": { input: 2, cached: 0.5, output: 8 },
    "gpt-5-nano": { input: 0.05, cached: 0.005, output: 0.4 },
    "gpt-5-mini": { input: 0.25, cached: 0.025, output: 2 },
  },
};
/** Its first dated version kept the higher price of its day. */
const otherPrice = "gpt-4o-2024-05-13";

const amount = z.number().nonnegative().max(1e6);
const priceFile = z.strictObject({
  date: z.iso.date(),
  /** By the name that requests or answers carry. */
  models: z.record(
    z.string().min(1),
    z
      .strictObject({ input: amount, cached: amount.optional(), output: amount })
      .transform(({ input, cached = input, output }) => ({ input, cached, output })),
  ),
});

/** The file of `--prices`: its models beside and before the built-in ones. Throws TL_SETTING_INVALID. */
export function readPrices(file: string, text: string): PriceList {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ThroughlineError("TL_SETTING_INVALID", `--prices is "${file}": the file is no JSON.`, {
      cause,
    });
  }
  const parsed = priceFile.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join(".") ?? "";
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--prices is "${file}": ${where === "" ? "" : `${where}: `}${issue?.message ?? "is wrong"}; expected {"date": "2026-07-01", "models": {"NAME": {"input": 0.15, "cached": 0.075, "output": 0.6}}} in US dollars per million tokens.`,
    );
  }
  return { date: parsed.data.date, models: { ...builtInPrices.models, ...parsed.data.models } };
}

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
  /** Of the input tokens, those that were billed as cached; undefined where the server does not say. */
  cachedTokens: number | undefined;
}

/** undefined where the model's price is not known. */
export function priceOf(prices: PriceList, model: string): Price | undefined {
  const exact = prices.models[model];
  if (exact !== undefined) return exact;
  // Servers name a dated version, gpt-4o-mini-2024-07-18, and routers the vendor, openai/gpt-4o-mini. Any other suffix
  // (gpt-4o-audio-preview) is another model.
  const name = model.replace(/^openai\//, "");
  if (name === otherPrice) return undefined;
  const dated = /^(.+)-\d{4}-\d{2}-\d{2}$/.exec(name)?.[1];
  return prices.models[name] ?? (dated === undefined ? undefined : prices.models[dated]);
}

/** What an answer cost; undefined where the model's price is not known. */
export function costUsd(prices: PriceList, model: string, usage: TokenUsage): number | undefined {
  const price = priceOf(prices, model);
  if (price === undefined) return undefined;
  const cached = Math.min(usage.cachedTokens ?? 0, usage.inputTokens);
  const dollars =
    (usage.inputTokens - cached) * price.input + cached * price.cached + usage.outputTokens * price.output;
  return dollars / 1_000_000;
}
