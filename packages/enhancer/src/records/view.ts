import type { EnhancementDetail, EnhancementView } from "@throughline/api";
import type { EnhancementRow } from "../database/schema.ts";
import { type NoteMeta, renderNoteHtml } from "../note/html.ts";
import type { Note, Source } from "../ticket.ts";

export function viewOf(row: EnhancementRow): EnhancementView {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    ticketId: row.ticket_id,
    jobId: row.job_id,
    attempt: row.attempt,
    traceId: row.trace_id,
    createdAt: isoOf(row.created_at),
    status: row.status,
    delivery: row.delivery,
    reason: row.reason,
    noteId: row.note_id,
    writer: row.writer,
    model: row.model,
    promptVersion: row.prompt_version,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cachedTokens: row.cached_tokens,
    costUsd: row.cost_usd,
    claimsRemoved: row.claims_removed,
    latency: JSON.parse(row.latency) as Record<string, number>,
    decidedAt: row.decided_at === null ? null : isoOf(row.decided_at),
    decidedBy: row.decided_by,
  };
}

export function detailOf(
  row: EnhancementRow,
  feedback: readonly { rating: "up" | "down"; reason: string; createdAt: number }[],
  meta: NoteMeta,
): EnhancementDetail {
  const note = noteOf(row);
  return {
    ...viewOf(row),
    inputHash: row.input_hash,
    input: JSON.parse(row.input) as EnhancementDetail["input"],
    sources: JSON.parse(row.sources) as Source[],
    note: note === undefined ? null : { language: note.language, sections: note.sections },
    html: note === undefined ? null : renderNoteHtml(note, meta),
    feedback: feedback.map(({ createdAt, ...entry }) => ({ ...entry, createdAt: isoOf(createdAt) })),
  };
}

/** The note that a row holds, with its sources; undefined where none was written. */
export function noteOf({ note, sources }: Pick<EnhancementRow, "note" | "sources">): Note | undefined {
  if (note === null) return undefined;
  return { ...(JSON.parse(note) as Omit<Note, "sources">), sources: JSON.parse(sources) as Source[] };
}

function isoOf(time: number): string {
  return new Date(time).toISOString();
}
