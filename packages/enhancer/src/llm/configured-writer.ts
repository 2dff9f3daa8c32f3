import type { BudgetKeeper } from "./budget.ts";
import { builtInPrices, readPrices } from "./prices.ts";
import { instructions } from "./prompt.ts";
import { createNoteWriter, type ModelSettings, type NoteWriter, type WriterOptions } from "./writer.ts";

const modelLimits = { maxOutputTokens: 1_000, temperature: 0.3 };
const modelTimeoutMs = 30_000;

export interface ModelConfig {
  models: readonly Pick<ModelSettings, "apiKey" | "baseUrl" | "model">[];
  prices: { file: string; text: string } | undefined;
}

/** As the settings name models and prices; also for evaluation. Throws TL_SETTING_INVALID where the file of prices is wrong. */
export function noteWriterOf(
  { models, prices }: ModelConfig,
  { spending }: { spending: BudgetKeeper },
  { tracer, redactor, observe }: Pick<WriterOptions, "tracer" | "redactor" | "observe">,
  text: string = instructions,
): NoteWriter {
  return createNoteWriter({
    instructions: text,
    tracer,
    redactor,
    models: models.map((model) => ({ ...modelLimits, ...model })),
    prices: prices === undefined ? builtInPrices : readPrices(prices.file, prices.text),
    budget: spending,
    timeoutMs: modelTimeoutMs,
    ...(observe === undefined ? {} : { observe }),
  });
}
