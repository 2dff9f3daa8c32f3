import type OpenAI from "openai";
import { boundedFetch, type BoundedFetch } from "./bounded-fetch.ts";
import { type Completion, readCompletion } from "./completion.ts";
import { ModelError, refused, tooLate, unreachable } from "./model-error.ts";
import { noteJsonSchema } from "./note-schema.ts";
import type { Prompt } from "./prompt.ts";

export interface ModelSettings {
  apiKey: string;
  /** OpenAI's own where it is undefined. */
  baseUrl: string | undefined;
  model: string;
  maxOutputTokens: number;
  temperature: number;
}

export interface ModelClient {
  /** `timeoutMs`: retries included. Throws ModelError where the model gave no completion, the signal's reason where that ended the call. */
  complete(prompt: Prompt, timeoutMs: number, signal: AbortSignal): Promise<Completion>;
}

const retries = 2;

/** How a server and its model want to be asked; found out by their refusals. */
interface Dialect {
  format: "json_schema" | "json_object" | "none";
  limit: "max_tokens" | "max_completion_tokens";
  temperature: boolean;
}

/** Chat completions of any OpenAI-compatible server. The SDK is loaded at the first use: many run without a model. */
export function createModelClient(settings: ModelSettings): ModelClient {
  let dialect: Dialect = { format: "json_schema", limit: "max_tokens", temperature: true };
  return {
    complete: async (prompt, timeoutMs, signal) => {
      const sdk = await import("openai");
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const wire = boundedFetch(Date.now() + timeoutMs);
      let asked = dialect;
      try {
        const client = openClient(sdk.OpenAI, settings, timeoutMs, wire);
        for (;;) {
          try {
            const body = await client.chat.completions.create(requestOf(settings, prompt, asked), {
              signal: limit,
            });
            const completion = readCompletion(body);
            dialect = asked;
            return completion;
          } catch (error) {
            const next = error instanceof sdk.APIError ? otherDialect(asked, error) : undefined;
            if (next === undefined) throw error;
            asked = next;
          }
        }
      } catch (error) {
        signal.throwIfAborted();
        if (limit.aborted || error instanceof sdk.APIConnectionTimeoutError)
          throw tooLate(timeoutMs, wire.lastStatus());
        if (error instanceof ModelError) throw error;
        if (!(error instanceof sdk.APIError))
          throw new ModelError("The model server's answer could not be read.", { cause: error });
        throw error.status === undefined ? unreachable(error) : refused(error.status, error.code);
      }
    },
  };
}

function openClient(
  Client: typeof OpenAI,
  settings: ModelSettings,
  timeoutMs: number,
  wire: BoundedFetch,
): OpenAI {
  return new Client({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? null,
    fetch: wire.fetch,
    maxRetries: retries,
    timeout: timeoutMs,
    // The SDK would read these from the environment; settings come from one place only. Its log would hold prompts.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: "off",
  });
}

function requestOf(settings: ModelSettings, prompt: Prompt, dialect: Dialect) {
  return {
    model: settings.model,
    ...(dialect.temperature ? { temperature: settings.temperature } : {}),
    [dialect.limit]: settings.maxOutputTokens,
    messages: [
      { role: "system" as const, content: prompt.system },
      { role: "user" as const, content: prompt.user },
    ],
    ...(dialect.format === "none"
      ? {}
      : {
          response_format:
            dialect.format === "json_schema"
              ? { type: "json_schema" as const, json_schema: noteJsonSchema }
              : { type: "json_object" as const },
        }),
  };
}

/**
 * What to change after a refusal: reasoning models take neither `max_tokens` nor a temperature, some servers no
 * `json_schema` or no `response_format` at all and do not say so. Each can be given up once, so this ends.
 */
function otherDialect(
  asked: Dialect,
  {
    status,
    param,
    message,
  }: { status?: number | undefined; param?: string | null | undefined; message: string },
): Dialect | undefined {
  if (status !== 400 && status !== 422) return undefined;
  if (asked.limit === "max_tokens" && (param === "max_tokens" || message.includes("max_completion_tokens")))
    return { ...asked, limit: "max_completion_tokens" };
  if (asked.temperature && (param === "temperature" || /'temperature'/.test(message)))
    return { ...asked, temperature: false };
  if (asked.format === "none") return undefined;
  return { ...asked, format: asked.format === "json_schema" ? "json_object" : "none" };
}
