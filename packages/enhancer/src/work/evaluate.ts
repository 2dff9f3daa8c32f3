import type { EnhancementRow } from "../database/schema.ts";
import type { KeptInput } from "../records/enhancements.ts";
import { noteOf } from "../records/view.ts";
import type { GatheredContext, Note, Source, Ticket } from "../ticket.ts";
import { countWords } from "../llm/limit-words.ts";
import type { NoteWriter, Wishes } from "../llm/writer.ts";

/** What can be counted of a note. */
export interface NoteFigures {
  writer: "model" | "extractive";
  claims: number;
  /** Numbers of sources that are cited. */
  cited: number[];
  words: number;
  claimsRemoved: number;
  costUsd: number | null;
  tokens: number | null;
  ms: number | null;
  /** Why a model did not write it. */
  failure: string | null;
}

export interface Comparison {
  ticketId: string;
  enhancementId: string;
  before: NoteFigures;
  after: NoteFigures;
  /** From 0, no cited source in common, to 1, the same ones. */
  agreement: number;
}

const noCaps = { ticketUsd: null, dayUsd: null, ticketTokens: null, dayTokens: null };

/** Writes the note of a stored enhancement again, from the same input and sources, and sets both side by side. */
export async function replay(
  row: EnhancementRow,
  writer: NoteWriter,
  hidePersonalData: Wishes["hidePersonalData"],
  signal: AbortSignal,
): Promise<Comparison | undefined> {
  const stored = noteOf(row);
  if (stored === undefined) return undefined;
  const started = performance.now();
  // Who asked is not kept: of names nothing is known here.
  const wishes = { language: stored.language, caps: noCaps, hidePersonalData, names: [] };
  const written = await writer.write(ticketOf(row), contextOf(stored), wishes, signal);
  const usages = written.calls.flatMap(({ usage }) => usage ?? []);
  const costs = written.calls.flatMap(({ costUsd }) => costUsd ?? []);
  const latency = JSON.parse(row.latency) as { write?: number };
  const before = {
    ...countsOf(stored),
    claimsRemoved: row.claims_removed,
    costUsd: row.cost_usd,
    tokens: row.input_tokens === null ? null : row.input_tokens + (row.output_tokens ?? 0),
    ms: latency.write ?? null,
    failure: stored.writer.kind === "extractive" ? row.reason : null,
  };
  const after = {
    ...countsOf(written.note),
    claimsRemoved: sum(Object.values(written.removed)),
    costUsd: costs.length === 0 ? null : sum(costs),
    tokens: usages.length === 0 ? null : sum(usages.map((usage) => usage.inputTokens + usage.outputTokens)),
    ms: Math.round(performance.now() - started),
    failure: written.failure?.message ?? null,
  };
  return {
    ticketId: row.ticket_id,
    enhancementId: row.id,
    before,
    after,
    agreement: agreementOf(before.cited, after.cited),
  };
}

function ticketOf(row: EnhancementRow): Ticket {
  const { subject, description, priority, event, createdAt } = JSON.parse(row.input) as KeptInput;
  return {
    tenantId: row.tenant_id,
    ticketId: row.ticket_id,
    event,
    subject,
    description,
    priority,
    createdAt,
  };
}

function contextOf({ sources, missing }: Note): GatheredContext {
  const of = (kind: Source["kind"]) => sources.filter((source) => source.kind === kind);
  const systems = of("system");
  return {
    tickets: of("ticket"),
    documents: of("document"),
    systems,
    ipLookup: systems.length > 0 ? "found" : "none",
    missing,
  };
}

function countsOf({ sections, writer }: Note) {
  const items = sections.flatMap((section) => section.items);
  return {
    writer: writer.kind,
    claims: items.length,
    cited: [...new Set(items.flatMap(({ sources }) => sources))].toSorted((a, b) => a - b),
    words: sum(items.map(({ text }) => countWords(text))),
  };
}

function agreementOf(a: readonly number[], b: readonly number[]): number {
  const all = new Set([...a, ...b]);
  return all.size === 0 ? 1 : a.filter((number) => b.includes(number)).length / all.size;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
