import { randomUUID } from "node:crypto";
import type { EnhancementRow } from "../database/schema.ts";
import type { WrittenNote } from "../llm/writer.ts";
import type { LeasedJob } from "../queue/queue.ts";
import { keptInput } from "../records/enhancements.ts";
import type { Ticket } from "../ticket.ts";
import { jobMarker } from "./marker.ts";

type Phase = "read" | "context" | "write" | "desk";

/** Collects what becomes the row of one attempt, as the attempt goes on. */
export class AttemptRecord {
  readonly id: string = randomUUID();
  readonly marker: string;
  private readonly job: LeasedJob;
  private readonly traceId: string;
  private readonly startedAt = performance.now();
  private readonly phases: Partial<Record<Phase, number>> = {};
  private ticket: Ticket;
  private written: WrittenNote | undefined;

  constructor(job: LeasedJob, traceId: string) {
    this.job = job;
    this.traceId = traceId;
    this.ticket = job.ticket;
    this.marker = jobMarker(job);
  }

  /** A fresh pass takes the place of the one before; its time counts on top. */
  read(ticket: Ticket): void {
    this.ticket = ticket;
  }

  wrote(written: WrittenNote): void {
    this.written = written;
  }

  async timed<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await work();
    } finally {
      this.phases[phase] = (this.phases[phase] ?? 0) + performance.now() - started;
    }
  }

  row(
    end: Pick<EnhancementRow, "status" | "delivery"> & {
      reason?: string | undefined;
      noteId?: string | undefined;
    },
    hide: (text: string) => string,
  ): EnhancementRow {
    const { note, calls = [], promptVersion, removed = {} } = this.written ?? {};
    const rounded = Object.entries(this.phases).map(([phase, ms]) => [phase, Math.round(ms)] as const);
    const usages = calls.flatMap(({ usage }) => usage ?? []);
    const costs = calls.flatMap(({ costUsd }) => costUsd ?? []);
    const sum = (values: readonly number[]) =>
      values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
    return {
      id: this.id,
      tenant_id: this.job.ticket.tenantId,
      ticket_id: this.job.ticket.ticketId,
      job_id: this.job.id,
      attempt: this.job.attempt,
      trace_id: this.traceId,
      created_at: Date.now(),
      status: end.status,
      delivery: end.delivery,
      reason: end.reason ?? null,
      note_id: end.noteId ?? null,
      marker: this.marker,
      ...keptInput(this.ticket, hide),
      sources: JSON.stringify(note?.sources ?? []),
      note: note === undefined ? null : JSON.stringify({ ...note, sources: undefined }),
      prompt_version: promptVersion ?? null,
      writer: note?.writer.kind ?? null,
      model: note?.writer.kind === "model" ? note.writer.model : (calls.at(-1)?.model ?? null),
      input_tokens: sum(usages.map(({ inputTokens }) => inputTokens)),
      output_tokens: sum(usages.map(({ outputTokens }) => outputTokens)),
      cached_tokens: sum(usages.flatMap(({ cachedTokens }) => cachedTokens ?? [])),
      cost_usd: sum(costs),
      claims_removed: sum(Object.values(removed)) ?? 0,
      latency: JSON.stringify({
        ...Object.fromEntries(rounded),
        total: Math.round(performance.now() - this.startedAt),
      }),
      decided_at: null,
      decided_by: null,
    };
  }
}
