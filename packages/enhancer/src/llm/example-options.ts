import type { Tracer } from "@opentelemetry/api";
import { createRedactor } from "@throughline/redaction";
import type { BudgetKeeper } from "./budget.ts";
import type { ModelSettings } from "./openai.ts";
import { builtInPrices } from "./prices.ts";
import { createNoteWriter, type WriterOptions, type Wishes } from "./writer.ts";

/** Material for tests of the writer. Nobody counts here. */
const noBudget: BudgetKeeper = {
  reserve: () => Promise.resolve({ remainingUsd: undefined, settle: () => Promise.resolve(undefined) }),
};

export const exampleWishes: Wishes = {
  language: "en",
  caps: { ticketUsd: null, dayUsd: null, ticketTokens: null, dayTokens: null },
  hidePersonalData: [],
  names: [],
};

export function exampleWriter(tracer: Tracer, models: ModelSettings[], more: Partial<WriterOptions> = {}) {
  return createNoteWriter({
    tracer,
    models,
    prices: builtInPrices,
    budget: noBudget,
    redactor: createRedactor(),
    timeoutMs: 5_000,
    ...more,
  });
}
