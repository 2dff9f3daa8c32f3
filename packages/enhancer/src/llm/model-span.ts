import type { Completion } from "./completion.ts";
import type { ModelSettings } from "./openai.ts";

/** GenAI semantic conventions, plus the server that is asked. */
export function requestAttributes(model: ModelSettings) {
  const url = new URL(model.baseUrl ?? "https://api.openai.com/v1");
  return {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": model.model,
    "gen_ai.request.max_tokens": model.maxOutputTokens,
    "gen_ai.request.temperature": model.temperature,
    "server.address": url.hostname,
    "server.port": Number(url.port) || (url.protocol === "https:" ? 443 : 80),
  };
}

/** Only what the server told: an unknown count is not 0, nor is an unknown cost. */
export function responseAttributes(
  { id, model, finishReason, usage }: Completion,
  cost: number | undefined,
  remainingUsd: number | undefined,
) {
  return {
    ...(id === undefined ? {} : { "gen_ai.response.id": id }),
    ...(model === undefined ? {} : { "gen_ai.response.model": model }),
    ...(finishReason === undefined ? {} : { "gen_ai.response.finish_reasons": [finishReason] }),
    ...(usage === undefined
      ? {}
      : {
          "gen_ai.usage.input_tokens": usage.inputTokens,
          "gen_ai.usage.output_tokens": usage.outputTokens,
        }),
    ...(usage?.cachedTokens === undefined
      ? {}
      : { "gen_ai.usage.cache_read.input_tokens": usage.cachedTokens }),
    ...(cost === undefined ? {} : { "llm.cost.usd": cost }),
    ...(remainingUsd === undefined ? {} : { "llm.budget.remaining_usd": remainingUsd }),
  };
}
