import { ThroughlineError } from "@throughline/api";
import type OpenAI from "openai";
import type { GatheredContext, Note, Ticket } from "../ticket.ts";
import { noteJsonSchema, readModelNote } from "./note-schema.ts";
import type { TokenUsage } from "./prices.ts";
import { buildPrompt, type Prompt } from "./prompt.ts";

export interface ModelSettings {
  apiKey: string;
  /** OpenAI's own where it is undefined. */
  baseUrl: string | undefined;
  model: string;
  /** For one ticket, retries included. */
  timeoutMs: number;
  maxOutputTokens: number;
  temperature: number;
}

interface ModelAnswer {
  id: string;
  model: string;
  finishReason: string;
  usage: TokenUsage;
  /** Checks what was written; throws TL_LLM_FAILED where it cannot be used. */
  read(): { note: Note; claimsRemoved: number };
}

export interface ModelClient {
  write(ticket: Ticket, context: GatheredContext, signal: AbortSignal): Promise<ModelAnswer>;
}

const retries = 2;

/** A failed call to the model, with the HTTP status where the server answered. */
class ModelError extends ThroughlineError {
  readonly httpStatus: number | undefined;

  constructor(message: string, httpStatus: number | undefined, cause: unknown) {
    super("TL_LLM_FAILED", message, { cause });
    this.httpStatus = httpStatus;
  }
}

/** Chat completions of any OpenAI-compatible server. The SDK is loaded at the first use: many run without a model. */
export function createModelClient(settings: ModelSettings): ModelClient {
  let loading: Promise<OpenAI> | undefined;
  const load = async (): Promise<OpenAI> => {
    const { default: Client } = await import("openai");
    return new Client({
      apiKey: settings.apiKey,
      baseURL: settings.baseUrl ?? null,
      maxRetries: retries,
      timeout: settings.timeoutMs,
      // The SDK would read these from the environment; settings come from one place only.
      organization: null,
      project: null,
    });
  };
  return {
    write: async (ticket, context, signal) => {
      const client = await (loading ??= load());
      const prompt = buildPrompt(ticket, context);
      const limit = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]);
      try {
        const completion = await complete(client, settings, prompt, limit);
        return toAnswer(completion, context);
      } catch (error) {
        if (error instanceof ThroughlineError) throw error;
        throw await explain(error, settings, limit);
      }
    },
  };
}

/** Some servers refuse json_schema: they are asked once more for any JSON, the form is checked here either way. */
async function complete(client: OpenAI, settings: ModelSettings, prompt: Prompt, signal: AbortSignal) {
  const body = {
    model: settings.model,
    temperature: settings.temperature,
    max_tokens: settings.maxOutputTokens,
    messages: [
      { role: "system" as const, content: prompt.system },
      { role: "user" as const, content: prompt.user },
    ],
  };
  const { BadRequestError } = await import("openai");
  try {
    return await client.chat.completions.create(
      { ...body, response_format: { type: "json_schema", json_schema: noteJsonSchema } },
      { signal },
    );
  } catch (error) {
    if (!(error instanceof BadRequestError)) throw error;
    return client.chat.completions.create({ ...body, response_format: { type: "json_object" } }, { signal });
  }
}

function toAnswer(completion: OpenAI.Chat.ChatCompletion, context: GatheredContext): ModelAnswer {
  const choice = completion.choices?.[0];
  const text = choice?.message?.content;
  if (choice === undefined || typeof text !== "string") {
    throw new ThroughlineError("TL_LLM_FAILED", "The model's answer holds no text.");
  }
  const { usage } = completion;
  return {
    id: completion.id,
    model: completion.model,
    finishReason: choice.finish_reason,
    usage: {
      inputTokens: usage?.prompt_tokens ?? 0,
      outputTokens: usage?.completion_tokens ?? 0,
      cachedTokens: usage?.prompt_tokens_details?.cached_tokens,
    },
    read: () => readModelNote(text, context, completion.model),
  };
}

/** The SDK's messages may quote the request: they are replaced by our own, which hold no secret. */
async function explain(error: unknown, settings: ModelSettings, limit: AbortSignal): Promise<Error> {
  const { APIConnectionTimeoutError, APIError, APIUserAbortError } = await import("openai");
  if (error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError || limit.aborted) {
    const late = new ThroughlineError(
      "TL_LLM_FAILED",
      `The model did not answer within ${settings.timeoutMs / 1_000} s.`,
      { cause: error },
    );
    late.name = "TimeoutError";
    return late;
  }
  if (error instanceof APIError) {
    const status = typeof error.status === "number" ? error.status : undefined;
    const advice: Record<number, string> = {
      401: ": check OPENAI_API_KEY",
      404: ": check OPENAI_MODEL",
      429: " Too Many Requests: check quota and rate limit",
    };
    const said =
      status === undefined
        ? "cannot be reached: check OPENAI_BASE_URL"
        : `answered ${status}${advice[status] ?? ""}`;
    return new ModelError(`The model server ${said}.`, status, error);
  }
  return new ModelError("The model's answer could not be read.", undefined, error);
}
