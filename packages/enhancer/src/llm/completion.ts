import { z } from "zod";
import { ModelError } from "./model-error.ts";
import type { TokenUsage } from "./prices.ts";

/** No call takes more: a server that says so does not know. */
const tokensAtMost = 10_000_000;
const count = z.number().int().nonnegative().max(tokensAtMost);
/** Some servers give text in parts, the model's thinking among them. */
const parts = z
  .array(z.object({ type: z.string(), text: z.string().optional().catch(undefined) }))
  .transform((all) => all.map(({ type, text = "" }) => (type === "text" ? text : "")).join(""));
/** What a note is made of; fields that only inform are left out where a server writes nonsense into them. */
const completionSchema = z.object({
  id: z.string().max(200).optional().catch(undefined),
  model: z.string().max(200).optional().catch(undefined),
  choices: z
    .array(
      z.object({
        finish_reason: z.string().max(50).optional().catch(undefined),
        message: z.object({
          content: z.union([z.string(), parts]).nullish(),
          refusal: z.string().nullish().catch(undefined),
        }),
      }),
    )
    .min(1),
  usage: z
    .object({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: z.object({ cached_tokens: count.optional() }).nullish().catch(undefined),
    })
    .optional()
    .catch(undefined),
});
/** Routers answer 200 with the error of the server behind them. */
const errorInside = z.object({ error: z.object({ code: z.union([z.number(), z.string()]).nullish() }) });

/** One chat completion as the server told it; what it did not tell is undefined. */
export interface Completion {
  id: string | undefined;
  model: string | undefined;
  finishReason: string | undefined;
  usage: TokenUsage | undefined;
  /** undefined where the model wrote nothing or refused. */
  text: string | undefined;
  hasRefused: boolean;
}

/** Reads a chat completion of whatever server; throws TL_LLM_FAILED where the body is none. */
export function readCompletion(body: unknown): Completion {
  const parsed = completionSchema.safeParse(body);
  const choice = parsed.data?.choices[0];
  if (parsed.data === undefined || choice === undefined) {
    const inside = errorInside.safeParse(body);
    if (!inside.success) {
      throw new ModelError("The model server's answer is no chat completion: check OPENAI_BASE_URL.");
    }
    const code = Number(inside.data.error.code);
    const status = Number.isInteger(code) && code >= 400 && code <= 599 ? code : undefined;
    throw new ModelError(
      `The model server answered with an error inside HTTP 200${status === undefined ? "" : `: ${status}`}.`,
      {
        httpStatus: status,
      },
    );
  }
  const { id, model, usage } = parsed.data;
  return {
    id,
    model,
    finishReason: choice.finish_reason,
    usage:
      usage === undefined
        ? undefined
        : {
            inputTokens: usage.prompt_tokens,
            outputTokens: usage.completion_tokens,
            cachedTokens: usage.prompt_tokens_details?.cached_tokens,
          },
    text: choice.message.content?.trim() === "" ? undefined : (choice.message.content ?? undefined),
    hasRefused: (choice.message.refusal ?? "") !== "",
  };
}
