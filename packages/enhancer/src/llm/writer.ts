import { type Span, SpanKind, type Tracer } from "@opentelemetry/api";
import { failSpan, inTicketSpan } from "../span.ts";
import type { GatheredContext, Note, Ticket } from "../ticket.ts";
import type { Completion } from "./completion.ts";
import { writeExtractiveNote } from "./extractive.ts";
import { ModelError } from "./model-error.ts";
import { readModelNote } from "./note-schema.ts";
import { createModelClient, type ModelClient, type ModelSettings } from "./openai.ts";
import { costUsd } from "./prices.ts";

export type { ModelSettings } from "./openai.ts";

interface WrittenNote {
  note: Note;
  /** The model was configured and failed; the note is then the extractive one. */
  failure?: Error;
}

/** Turns a ticket and what was found into a note. Throws only when `signal` ends it. */
export interface NoteWriter {
  write(ticket: Ticket, context: GatheredContext, signal: AbortSignal): Promise<WrittenNote>;
}

const spanName = "llm.openai.completion";

/** Without a model the writer is extractive, and the span says so; a model that fails costs its part, not the note. */
export function createNoteWriter({ model, tracer }: { model?: ModelSettings; tracer: Tracer }): NoteWriter {
  if (model === undefined) {
    const options = { kind: SpanKind.INTERNAL, attributes: { "llm.writer": "extractive" } };
    return {
      write: (ticket, context) =>
        inTicketSpan(tracer, spanName, ticket, options, () =>
          Promise.resolve({ note: writeExtractiveNote(ticket, context, "no model is configured") }),
        ),
    };
  }
  const client = createModelClient(model);
  const options = { kind: SpanKind.CLIENT, attributes: requestAttributes(model) };
  return {
    write: (ticket, context, signal) =>
      inTicketSpan(tracer, spanName, ticket, options, async (span) => {
        try {
          return { note: await writeWithModel(client, model, ticket, context, span, signal) };
        } catch (error) {
          signal.throwIfAborted();
          failSpan(span, error);
          const failure = error instanceof Error ? error : new Error(String(error));
          return { note: writeExtractiveNote(ticket, context, "the model failed"), failure };
        }
      }),
  };
}

/** What the answer cost and whose it is stands on the span even where its text cannot be used. */
async function writeWithModel(
  client: ModelClient,
  model: ModelSettings,
  ticket: Ticket,
  context: GatheredContext,
  span: Span,
  signal: AbortSignal,
): Promise<Note> {
  const completion = await client.complete(ticket, context, signal);
  span.setAttributes(responseAttributes(completion, model));
  const { text, finishReason } = completion;
  if (finishReason === "length") {
    throw new ModelError(`The model's answer was cut off at ${model.maxOutputTokens} tokens.`);
  }
  if (text === undefined) {
    throw new ModelError(
      finishReason === "content_filter"
        ? "The model's answer was filtered."
        : "The model's answer holds no text.",
    );
  }
  const { note, claimsRemoved } = readModelNote(text, context, completion.model ?? model.model);
  span.setAttribute("llm.claims.removed", claimsRemoved);
  if (note.sources.length > 0 && note.sections.every(({ items }) => items.length === 0)) {
    throw new ModelError("Nothing in the model's answer cites what was retrieved.");
  }
  return note;
}

/** GenAI semantic conventions, plus the server that is asked. */
function requestAttributes(model: ModelSettings) {
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
function responseAttributes({ id, model, finishReason, usage }: Completion, asked: ModelSettings) {
  const cost = usage === undefined ? undefined : costUsd(model ?? asked.model, usage);
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
  };
}
