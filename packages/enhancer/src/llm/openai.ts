import type { Redactor } from "@throughline/redaction";
import type OpenAI from "openai";
import type { GatheredContext, Ticket } from "../ticket.ts";
import { boundedFetch, type BoundedFetch } from "./bounded-fetch.ts";
import { type Completion, readCompletion } from "./completion.ts";
import { ModelError, refused, tooLate, unreachable } from "./model-error.ts";
import { noteJsonSchema } from "./note-schema.ts";
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
  /** Credentials that people write into tickets do not reach the model. */
  redactor: Redactor;
}

export interface ModelClient {
  /** Throws ModelError where the model gave no completion, the signal's reason where that ended the call. */
  complete(ticket: Ticket, context: GatheredContext, signal: AbortSignal): Promise<Completion>;
}

const retries = 2;

/** How a server and its model want to be asked; found out by their refusals. */
interface Dialect {
  format: "json_schema" | "json_object";
  limit: "max_tokens" | "max_completion_tokens";
  temperature: boolean;
}

/** Chat completions of any OpenAI-compatible server. The SDK is loaded at the first use: many run without a model. */
export function createModelClient(settings: ModelSettings): ModelClient {
  let dialect: Dialect = { format: "json_schema", limit: "max_tokens", temperature: true };
  return {
    complete: async (ticket, context, signal) => {
      const sdk = await import("openai");
      const limit = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]);
      const wire = boundedFetch(Date.now() + settings.timeoutMs);
      const prompt = buildPrompt(ticket, context, settings.redactor);
      let asked = dialect;
      try {
        const client = openClient(sdk.OpenAI, settings, wire);
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
          throw tooLate(settings.timeoutMs, wire.lastStatus());
        if (error instanceof ModelError) throw error;
        if (!(error instanceof sdk.APIError))
          throw new ModelError("The model server's answer could not be read.", { cause: error });
        throw error.status === undefined ? unreachable(error) : refused(error.status, error.code);
      }
    },
  };
}

function openClient(Client: typeof OpenAI, settings: ModelSettings, wire: BoundedFetch): OpenAI {
  return new Client({
    apiKey: settings.apiKey,
    baseURL: settings.baseUrl ?? null,
    fetch: wire.fetch,
    maxRetries: retries,
    timeout: settings.timeoutMs,
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
    response_format:
      dialect.format === "json_schema"
        ? { type: "json_schema" as const, json_schema: noteJsonSchema }
        : { type: "json_object" as const },
  };
}

/**
 * What to change after a refusal: reasoning models take neither `max_tokens` nor a temperature, some servers no
 * `json_schema` and do not say so. Each can be given up once, so this ends.
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
  return asked.format === "json_schema" ? { ...asked, format: "json_object" } : undefined;
}
