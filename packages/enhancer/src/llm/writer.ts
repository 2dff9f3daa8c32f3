import { type Span, SpanKind, type Tracer } from "@opentelemetry/api";
import type { Redactor } from "@throughline/redaction";
import { languageOf } from "../note/language.ts";
import { failSpan, inTicketSpan } from "../span.ts";
import type { Cap, GatheredContext, Note, Ticket, WithoutModel } from "../ticket.ts";
import { CircuitBreaker } from "./breaker.ts";
import {
  type BudgetKeeper,
  type Caps,
  reachedText,
  type Reservation,
  unaffordable,
  worstCase,
} from "./budget.ts";
import type { Completion } from "./completion.ts";
import { writeExtractiveNote } from "./extractive.ts";
import { ModelError } from "./model-error.ts";
import { type ReadNote, readModelNote } from "./note-schema.ts";
import { createModelClient, type ModelClient, type ModelSettings } from "./openai.ts";
import { costUsd, type PriceList, type TokenUsage } from "./prices.ts";
import { PersonalData, type PersonalKind } from "./personal-data.ts";
import { buildPrompt, instructions, languageName, type Prompt, promptVersionOf } from "./prompt.ts";
import { type ModelObserver, tellOf } from "./model-observer.ts";
import { requestAttributes, responseAttributes } from "./model-span.ts";

export type { ModelSettings } from "./openai.ts";

/** One question to a model, for the record. */
interface ModelCall {
  /** As the server names it, else as it was asked for. */
  model: string;
  usage: TokenUsage | undefined;
  costUsd: number | undefined;
}

export interface WrittenNote {
  note: Note;
  /** A model was configured and did not write the note, or not the first one did. */
  failure?: Error;
  calls: readonly ModelCall[];
  /** undefined where no model was asked. */
  promptVersion: string | undefined;
  removed: ReadNote["removed"];
}

/** What the tenant wants of a note. */
export interface Wishes {
  /** BCP 47; `ticket`: the ticket's own. */
  language: string;
  caps: Caps;
  hidePersonalData: readonly PersonalKind[];
  /** Names of who asked, as the desk has them. */
  names: readonly string[];
}

/** Turns a ticket and what was found into a note. Throws only when `signal` ends it; no model is waited for past `until`. */
export interface NoteWriter {
  write(
    ticket: Ticket,
    context: GatheredContext,
    wishes: Wishes,
    signal: AbortSignal,
    until?: number,
  ): Promise<WrittenNote>;
}

export interface WriterOptions {
  tracer: Tracer;
  /** Asked in this order, until one writes a note; none: notes are extractive. */
  models: readonly ModelSettings[];
  prices: PriceList;
  budget: BudgetKeeper;
  /** Credentials that people write into tickets do not reach the model. */
  redactor: Redactor;
  /** For all models and their retries, milliseconds. */
  timeoutMs: number;
  /** In place of the built-in instructions. */
  instructions?: string;
  /** Hears of each question. */
  observe?: ModelObserver;
}

const spanName = "llm.openai.completion";
/** A model that has another behind it leaves that one time. */
const shareOfFirst = 2 / 3;

interface Candidate {
  settings: ModelSettings;
  client: ModelClient;
  breaker: CircuitBreaker;
}

/** A question, and all that its answer is judged by. */
interface Question {
  ticket: Ticket;
  context: GatheredContext;
  wishes: Wishes;
  prompt: Prompt;
  language: string;
}

/** Models in turn, the extractive writer at the end: a model that fails costs its part, not the note. */
export function createNoteWriter(options: WriterOptions): NoteWriter {
  const { tracer } = options;
  const candidates = options.models.map((settings) => ({
    settings,
    client: createModelClient(settings),
    breaker: new CircuitBreaker(),
  }));
  const text = options.instructions ?? instructions;
  const promptVersion = promptVersionOf(text);
  const personal = new PersonalData();

  return {
    write: async (ticket, context, wishes, signal, until = Infinity) => {
      const language = languageFor(ticket, wishes);
      const nothing = { calls: [], promptVersion: undefined, removed: {} };
      if (candidates.length === 0) {
        const note = await extractive(tracer, ticket, () =>
          writeExtractiveNote(ticket, context, "unconfigured", language),
        );
        return { note, ...nothing };
      }
      const prompt = buildPrompt(
        ticket,
        context,
        redactorFor(options, personal, wishes),
        languageName(language),
        text,
      );
      const question = { ticket, context, wishes, prompt, language };
      const deadline = Math.min(until, Date.now() + options.timeoutMs);
      const calls: ModelCall[] = [];
      let failure: Error | undefined;
      let because: WithoutModel = "failed";
      for (const [at, candidate] of candidates.entries()) {
        const left = deadline - Date.now();
        if (left <= 0) break;
        const timeoutMs = at < candidates.length - 1 ? left * shareOfFirst : left;
        const answer = await ask(options, candidate, question, timeoutMs, signal, calls);
        if ("note" in answer) {
          const { note, removed } = answer;
          return { note, calls, promptVersion, removed, ...(failure === undefined ? {} : { failure }) };
        }
        failure ??= answer.failure;
        because = answer.because;
      }
      const note = writeExtractiveNote(ticket, context, because, language);
      return { note, ...nothing, calls, promptVersion, ...(failure === undefined ? {} : { failure }) };
    },
  };
}

type Answer = ReadNote | { failure: Error; because: Exclude<WithoutModel, "unconfigured"> };

/** One model, in a span of its own. */
async function ask(
  options: WriterOptions,
  candidate: Candidate,
  question: Question,
  timeoutMs: number,
  signal: AbortSignal,
  calls: ModelCall[],
): Promise<Answer> {
  const { tracer, prices, budget, observe } = options;
  const { settings } = candidate;
  const { ticket, wishes, prompt } = question;
  const { model } = settings;
  const unknown = unaffordable(wishes.caps, model, prices);
  if (unknown !== undefined) {
    observe?.notAsked(model);
    return overBudget(tracer, ticket, unknown, "price");
  }
  const worst = worstCase(prompt, settings.maxOutputTokens, model, prices);
  const reserved = await budget.reserve(ticket, wishes.caps, { usd: worst.usd ?? 0, tokens: worst.tokens });
  if ("reached" in reserved) {
    observe?.notAsked(model);
    return overBudget(tracer, ticket, reachedText(reserved.reached), reserved.reached);
  }

  const span = { kind: SpanKind.CLIENT, attributes: requestAttributes(settings) };
  return inTicketSpan(tracer, spanName, ticket, span, async (active): Promise<Answer> => {
    const told = tellOf(observe, model, active);
    try {
      const read = await readAnswer(options, candidate, question, reserved, timeoutMs, active, signal, calls);
      told("written");
      return read;
    } catch (error) {
      told(signal.aborted ? "cancelled" : "failed", error);
      signal.throwIfAborted();
      failSpan(active, error);
      return { failure: error instanceof Error ? error : new Error(String(error)), because: "failed" };
    }
  });
}

/** What the answer cost and whose it is stands on the span even where its text cannot be used. */
async function readAnswer(
  { prices, observe }: WriterOptions,
  { settings, client, breaker }: Candidate,
  { ticket, context, prompt, language }: Question,
  reserved: Reservation,
  timeoutMs: number,
  span: Span,
  signal: AbortSignal,
  calls: ModelCall[],
): Promise<ReadNote> {
  const completion = await guarded(breaker, reserved, signal, () =>
    client.complete(prompt, timeoutMs, signal),
  );
  const model = completion.model ?? settings.model;
  const { usage } = completion;
  // A router may name the model behind it otherwise than the price list does.
  const cost =
    usage === undefined
      ? undefined
      : (costUsd(prices, model, usage) ?? costUsd(prices, settings.model, usage));
  calls.push({ model, usage, costUsd: cost });
  if (usage !== undefined) observe?.used(ticket.tenantId, settings.model, { usage, costUsd: cost });
  // A server that does not say what it used may bill as much as was reserved.
  const remaining =
    usage === undefined
      ? reserved.remainingUsd
      : await reserved.settle({ usd: cost ?? 0, tokens: usage.inputTokens + usage.outputTokens });
  span.setAttributes(responseAttributes(completion, cost, remaining));
  const read = readModelNote(textOf(completion, settings), context, model, { ticket, prompt, language });
  const removed = Object.values(read.removed).reduce((sum, count) => sum + count, 0);
  span.setAttribute("llm.claims.removed", removed);
  if (removed > 0)
    span.addEvent(
      "llm.claims.removed",
      Object.fromEntries(Object.entries(read.removed).map(([why, count]) => [`llm.claims.${why}`, count])),
    );
  if (read.note.sources.length > 0 && read.note.sections.every(({ items }) => items.length === 0))
    throw new ModelError("Nothing in the model's answer cites what was retrieved.");
  return read;
}

/** The breaker learns what came of it; nothing is charged for a call that the server refused. */
async function guarded(
  breaker: CircuitBreaker,
  reserved: Reservation,
  signal: AbortSignal,
  call: () => Promise<Completion>,
): Promise<Completion> {
  const restMs = breaker.admit();
  if (restMs > 0) {
    await reserved.settle({ usd: 0, tokens: 0 });
    const error = new ModelError(
      `The model is left alone for another ${Math.ceil(restMs / 1_000)} s: its last calls failed.`,
    );
    error.name = "CircuitOpen";
    throw error;
  }
  try {
    const completion = await call();
    breaker.succeeded();
    return completion;
  } catch (error) {
    // A call that got no answer may be billed: its reservation stays.
    if (error instanceof ModelError && error.httpStatus !== undefined)
      await reserved.settle({ usd: 0, tokens: 0 });
    if (signal.aborted) breaker.dropped();
    else if (error instanceof ModelError && !error.isServers) breaker.succeeded();
    else breaker.failed();
    throw error;
  }
}

function textOf({ text, hasRefused, finishReason }: Completion, { maxOutputTokens }: ModelSettings): string {
  if (finishReason === "length")
    throw new ModelError(`The model's answer was cut off at ${maxOutputTokens} tokens.`);
  if (text !== undefined) return text;
  if (hasRefused) throw new ModelError("The model refused to answer.");
  throw new ModelError(
    finishReason === "content_filter"
      ? "The model's answer was filtered."
      : "The model's answer holds no text.",
  );
}

/** The model is not asked at all: no error, but the trace says why. */
function overBudget(tracer: Tracer, ticket: Ticket, reason: string, because: Cap | "price"): Promise<Answer> {
  const options = { kind: SpanKind.INTERNAL, attributes: { "llm.writer": "extractive" } };
  return inTicketSpan(tracer, spanName, ticket, options, (span) => {
    span.addEvent("llm.budget.reached", { "llm.budget.cap": because, "llm.budget.reason": reason });
    return Promise.resolve({ failure: new ModelError(reason), because });
  });
}

function extractive(tracer: Tracer, ticket: Ticket, write: () => Note): Promise<Note> {
  const options = { kind: SpanKind.INTERNAL, attributes: { "llm.writer": "extractive" } };
  return inTicketSpan(tracer, spanName, ticket, options, () => Promise.resolve(write()));
}

function languageFor({ subject = "", description }: Ticket, { language }: Wishes): string {
  return language === "ticket" ? (languageOf(`${subject}\n${description}`) ?? "en") : language;
}

function redactorFor(
  { redactor }: WriterOptions,
  personal: PersonalData,
  { hidePersonalData, names }: Wishes,
): Pick<Redactor, "text"> {
  if (hidePersonalData.length === 0) return redactor;
  const hide = personal.hider(hidePersonalData, names);
  return { text: (data) => hide(redactor.text(data)) };
}
