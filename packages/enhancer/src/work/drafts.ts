import type { Tracer } from "@opentelemetry/api";
import { ThroughlineError } from "@throughline/api";
import type { EnhancementRow } from "../database/schema.ts";
import { DeskError, type ServiceDesk } from "../desk/desk.ts";
import { renderNoteHtml } from "../note/html.ts";
import type { EnhancementRecords } from "../records/enhancements.ts";
import type { Feedback } from "../records/feedback.ts";
import { noteOf } from "../records/view.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { noteMeta } from "./note-meta.ts";
import { putNote, writtenBefore } from "./put-note.ts";
import { readTicket } from "./read-ticket.ts";
import { type RefusalDependencies, whyNotWanted, whyOff } from "./refusal.ts";
import { inDeskSpan } from "./desk-span.ts";
import { ticketMarker } from "./marker.ts";

export interface DraftDependencies extends Omit<RefusalDependencies, "records"> {
  records: EnhancementRecords;
  feedback: Pick<Feedback, "tokenOf">;
  findTenant: (id: string) => Promise<Tenant>;
  openDesk: (tenant: Tenant) => ServiceDesk;
  tracer: Tracer;
  publicUrl: string | undefined;
}

/** An approval that is this old was cut off: the next one looks for the note first. */
const cutOffMs = 120_000;

/** Drafts wait for a person; two persons at once decide once. */
export class Drafts {
  private readonly deps: DraftDependencies;

  constructor(deps: DraftDependencies) {
    this.deps = deps;
  }

  /**
   * Writes the draft on its ticket, unless the ticket wants no note any more. Throws TL_ENHANCEMENT_NOT_FOUND, TL_DRAFT_DECIDED,
   * TL_DRAFT_OUTDATED with the reason (the draft stays), DeskError.
   */
  async approve(id: string, by: string, signal: AbortSignal): Promise<EnhancementRow> {
    const { records } = this.deps;
    const before = await records.get(id);
    const decided = { delivery: "approving" as const, decided_at: Date.now(), decided_by: by };
    const claimed =
      (await records.move(id, { delivery: "draft" }, decided)) ??
      (await records.move(id, { delivery: "approving", decidedBefore: Date.now() - cutOffMs }, decided));
    if (claimed === undefined) throw alreadyDecided(before);
    try {
      const noteId = await this.write(claimed, before, signal);
      return await this.settle(id, { delivery: "written", note_id: noteId });
    } catch (error) {
      // The note may be there: the draft stays claimed until somebody looks.
      if (!(error instanceof DeskError) || error.kind !== "transient")
        await this.settle(id, { delivery: "draft", decided_at: null, decided_by: null });
      throw error;
    }
  }

  /** Throws TL_ENHANCEMENT_NOT_FOUND, TL_DRAFT_DECIDED. */
  async discard(id: string, by: string): Promise<EnhancementRow> {
    const decided = { delivery: "discarded" as const, decided_at: Date.now(), decided_by: by };
    const row = await this.deps.records.move(id, { delivery: "draft" }, decided);
    if (row === undefined) throw alreadyDecided(await this.deps.records.get(id));
    return row;
  }

  private async write(row: EnhancementRow, before: EnhancementRow, signal: AbortSignal): Promise<string> {
    const { tracer, findTenant, openDesk } = this.deps;
    const tenant = await findTenant(row.tenant_id);
    const desk = openDesk(tenant);
    const ref = { tenantId: row.tenant_id, ticketId: row.ticket_id };
    if (before.delivery === "approving") {
      const earlier = await writtenBefore(ref, row.marker, before.decided_at ?? 0, desk, tracer, signal);
      if (earlier !== undefined) return earlier;
    }
    await this.refuseOutdated(row, tenant, desk, signal);
    const note = noteOf(row);
    if (note === undefined) throw alreadyDecided(row);
    const { showToRequester: isPublic, template } = tenant.settings.note;
    const meta = noteMeta({ id: row.id, marker: row.marker, traceId: row.trace_id }, this.deps);
    const journal = { started: () => Promise.resolve(), cleared: () => Promise.resolve() };
    return putNote(
      ref,
      {
        html: renderNoteHtml(note, { ...meta, ...(template === null ? {} : { template }), isPublic }),
        isPublic,
      },
      desk,
      journal,
      tracer,
      signal,
    );
  }

  private async refuseOutdated(
    row: EnhancementRow,
    tenant: Tenant,
    desk: ServiceDesk,
    signal: AbortSignal,
  ): Promise<void> {
    const { tracer } = this.deps;
    const off = await whyOff(tenant, { ...this.deps });
    if (off !== undefined) throw outdated(off.reason);
    const known = {
      tenantId: row.tenant_id,
      ticketId: row.ticket_id,
      event: "",
      description: "",
      priority: "medium" as const,
      createdAt: "",
    };
    const read = await readTicket(known, desk, tenant, tracer, signal);
    const unwanted = whyNotWanted(read, tenant);
    if (unwanted !== undefined) throw outdated(unwanted.reason);
    if (read.onDesk === undefined || read.onDesk.hasNotes === false) return;
    // A forced rerun has a marker of its own: another note beside it is meant.
    const marker = row.marker === ticketMarker(known) ? ticketMarker(known) : row.marker;
    const found = await inDeskSpan(tracer, "find_note", desk, known, () =>
      desk.findNote(known.ticketId, marker, signal),
    );
    if (found !== undefined) throw outdated("The ticket has its note already.");
  }

  private async settle(
    id: string,
    to: Partial<EnhancementRow> & Pick<EnhancementRow, "delivery">,
  ): Promise<EnhancementRow> {
    const row = await this.deps.records.move(id, { delivery: "approving" }, to);
    return row ?? this.deps.records.get(id);
  }
}

function outdated(reason: string): ThroughlineError {
  return new ThroughlineError("TL_DRAFT_OUTDATED", reason);
}

function alreadyDecided({ delivery, decided_by: by }: EnhancementRow): ThroughlineError {
  const who = by === null ? "" : ` by ${by}`;
  const what = {
    written: `It was written${who}.`,
    discarded: `It was discarded${who}.`,
    approving: `It is being approved${who}.`,
    draft: "Somebody else decides on it just now.",
    shadow: "It is no draft: the tenant's notes are kept in the shadow.",
    none: "It is no draft: there is no note.",
  };
  return new ThroughlineError("TL_DRAFT_DECIDED", what[delivery]);
}
