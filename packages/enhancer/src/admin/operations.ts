import type { JobView } from "@throughline/api";
import type { EnhancementRow, EnhancerDatabase } from "../database/schema.ts";
import type { JobAdmin } from "../queue/queue.ts";
import { eraseTicket, type TicketKeepers } from "../records/erase-ticket.ts";
import type { NoteSwitch } from "../records/note-switch.ts";
import { type AuditChange, recordAudit } from "../tenants/audit.ts";
import type { Tenants } from "../tenants/tenants.ts";
import type { Drafts } from "../work/drafts.ts";

export interface OperationsDependencies {
  database: EnhancerDatabase;
  queue: Pick<JobAdmin, "list" | "show" | "retry" | "discard" | "rerun" | "pause" | "resume">;
  records: TicketKeepers["records"];
  tenants: Pick<Tenants, "info">;
  noteSwitch: NoteSwitch;
}

const approvalMs = 120_000;

/**
 * What people do to jobs, queue and notes, by command or by HTTP: done, and then in the audit log. `by` says who, as the log shows it.
 * Each throws what it is made of throws, and TL_DATABASE_UNAVAILABLE where it was done and the log cannot be written just now.
 */
export class Operations {
  private readonly deps: OperationsDependencies;

  constructor(deps: OperationsDependencies) {
    this.deps = deps;
  }

  async retry(id: string, by: string): Promise<JobView> {
    const job = await this.deps.queue.retry(id);
    await this.record(by, "job.retried", job.tenantId, jobChanges(job));
    return job;
  }

  async discard(id: string, by: string): Promise<JobView> {
    const job = await this.deps.queue.discard(id);
    await this.record(by, "job.discarded", job.tenantId, jobChanges(job));
    return job;
  }

  async rerun(id: string, isForced: boolean, by: string): Promise<JobView> {
    const job = await this.deps.queue.rerun(id, { isForced });
    const changes = [...jobChanges(job), { field: "of", new: id }, { field: "force", new: isForced }];
    await this.record(by, "job.rerun", job.tenantId, changes);
    return job;
  }

  /** Throws TL_TENANT_UNKNOWN: a misspelt tenant would look paused and go on. */
  async pause(tenantId: string | undefined, by: string): Promise<void> {
    await this.setPaused("pause", tenantId, by);
  }

  /** Throws TL_TENANT_UNKNOWN. */
  async resume(tenantId: string | undefined, by: string): Promise<void> {
    await this.setPaused("resume", tenantId, by);
  }

  async approve(drafts: Drafts, id: string, by: string): Promise<EnhancementRow> {
    const row = await drafts.approve(id, by, AbortSignal.timeout(approvalMs));
    await this.record(by, "draft.approved", row.tenant_id, draftChanges(row));
    return row;
  }

  async discardDraft(drafts: Drafts, id: string, by: string): Promise<EnhancementRow> {
    const row = await drafts.discard(id, by);
    await this.record(by, "draft.discarded", row.tenant_id, draftChanges(row));
    return row;
  }

  async eraseTicket(tenantId: string, ticketId: string, by: string): ReturnType<typeof eraseTicket> {
    const erased = await eraseTicket(this.deps, tenantId, ticketId);
    await this.record(by, "ticket.erased", tenantId, [{ field: "ticket", new: ticketId }]);
    return erased;
  }

  async switchNotes(isOn: boolean, by: string): Promise<void> {
    await this.deps.noteSwitch.set(isOn);
    await this.record(by, "notes.switched", null, [{ field: "on", new: isOn }]);
  }

  private async setPaused(
    change: "pause" | "resume",
    tenantId: string | undefined,
    by: string,
  ): Promise<void> {
    if (tenantId !== undefined) await this.deps.tenants.info(tenantId);
    await this.deps.queue[change](tenantId);
    const changes = [{ field: "paused", new: change === "pause" }];
    await this.record(by, `queue.${change}d`, tenantId ?? null, changes);
  }

  private record(by: string, action: string, tenantId: string | null, changes: AuditChange[]): Promise<void> {
    return recordAudit(this.deps.database, { actor: by, action, tenantId, changes });
  }
}

function jobChanges({ id, ticketId }: JobView): AuditChange[] {
  return [
    { field: "job", new: id },
    { field: "ticket", new: ticketId },
  ];
}

function draftChanges(row: EnhancementRow): AuditChange[] {
  return [
    { field: "enhancement", new: row.id },
    { field: "ticket", new: row.ticket_id },
    ...(row.note_id === null ? [] : [{ field: "note", new: row.note_id }]),
  ];
}
