import { type Span, SpanKind, type Tracer } from "@opentelemetry/api";
import { failSpan, inTicketSpan } from "../span.ts";
import type { GatheredContext, Note, Ticket } from "../ticket.ts";
import { writeExtractiveNote } from "./extractive.ts";
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
  return {
    write: (ticket, context, signal) =>
      inTicketSpan(
        tracer,
        spanName,
        ticket,
        { kind: SpanKind.CLIENT, attributes: requestAttributes(model) },
        async (span) => {
          try {
            return { note: await writeWithModel(client, ticket, context, span, signal) };
          } catch (error) {
            if (signal.aborted) throw error;
            failSpan(span, error);
            const failure = error instanceof Error ? error : new Error(String(error));
            return { note: writeExtractiveNote(ticket, context, "the model failed"), failure };
          }
        },
      ),
  };
}

async function writeWithModel(
  client: ModelClient,
  ticket: Ticket,
  context: GatheredContext,
  span: Span,
  signal: AbortSignal,
): Promise<Note> {
  const answer = await client.write(ticket, context, signal);
  const { usage } = answer;
  const cost = costUsd(answer.model, usage);
  span.setAttributes({
    "gen_ai.response.id": answer.id,
    "gen_ai.response.model": answer.model,
    "gen_ai.response.finish_reasons": [answer.finishReason],
    "gen_ai.usage.input_tokens": usage.inputTokens,
    "gen_ai.usage.output_tokens": usage.outputTokens,
    ...(usage.cachedTokens === undefined
      ? {}
      : { "gen_ai.usage.cache_read.input_tokens": usage.cachedTokens }),
    ...(cost === undefined ? {} : { "llm.cost.usd": cost }),
  });
  const { note, claimsRemoved } = answer.read();
  span.setAttribute("llm.claims.removed", claimsRemoved);
  return note;
}

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
