import { context, type Context, type Span, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import type { Redactor } from "@throughline/redaction";
import type { Logger } from "pino";
import type { ContextSearch } from "../context/context-search.ts";
import { gatherContext } from "../context/gather.ts";
import { labelRules } from "../context/label-rules.ts";
import type { ServiceDesk } from "../desk/desk.ts";
import type { NoteWriter, WrittenNote } from "../llm/writer.ts";
import { renderNoteHtml } from "../note/html.ts";
import { type JobOutcome, type JobSource, type LeasedJob, LeaseLost, queueName } from "../queue/queue.ts";
import type { EnhancementRow } from "../database/schema.ts";
import type { EnhancementRecords } from "../records/enhancements.ts";
import type { Feedback } from "../records/feedback.ts";
import { inTicketSpan } from "../span.ts";
import type { Tenant } from "../tenants/tenants.ts";
import type { GatheredContext } from "../ticket.ts";
import type { AttemptLimits } from "./limits.ts";
import { noteMeta } from "./note-meta.ts";
import { putNote, writtenBefore } from "./put-note.ts";
import { type ReadTicket, readTicket, textChanged } from "./read-ticket.ts";
import { AttemptRecord } from "./record.ts";
import {
  type Refusal,
  type RefusalDependencies,
  whyFiltered,
  whyNotAgain,
  whyNotWanted,
  whyOff,
} from "./refusal.ts";
import { isThrottled } from "./retry.ts";
import { WriteMark } from "./write-mark.ts";

export interface EnhanceDependencies extends RefusalDependencies {
  context: ContextSearch;
  queue: JobSource;
  tracer: Tracer;
  writer: NoteWriter;
  records: EnhancementRecords;
  feedback: Pick<Feedback, "tokenOf">;
  /** What is kept of a ticket goes through it. */
  redactor: Redactor;
  findTenant: (id: string) => Promise<Tenant>;
  openDesk: (tenant: Tenant) => ServiceDesk;
  logger: Logger;
  /** Base of links in notes; undefined: notes carry the trace id alone. */
  publicUrl: string | undefined;
}

const contextBudgetMs = 30_000;
/** A ticket whose text changed while its note was written is written from anew, once. */
const passesAtMost = 2;

/** How an attempt ended without an error, and what is to be kept of it: whoever ends the job stores both. */
export interface Ended {
  outcome: JobOutcome;
  row: EnhancementRow;
}

/** One attempt at one ticket. Throws what failed; the span `enhance_ticket` and the attempt's record tell the same. */
export async function enhance(
  job: LeasedJob,
  parent: Context,
  limits: AttemptLimits,
  deps: EnhanceDependencies,
): Promise<Ended> {
  const { ticket } = job;
  const { signal } = limits;
  const origin = trace.getSpanContext(parent);
  const options = {
    kind: SpanKind.CONSUMER,
    // Messaging conventions ask for a link to the creation context; the parent keeps the ticket one trace. The attribute
    // keeps Jaeger's translation from turning the parent into a mere FOLLOWS_FROM.
    links:
      origin === undefined ? [] : [{ context: origin, attributes: { "opentracing.ref_type": "child_of" } }],
    attributes: {
      "job.id": job.id,
      "job.attempt": job.attempt,
      "queue.name": queueName,
      "queue.wait_ms": job.waitedMs,
      "ticket.priority": ticket.priority,
      "enhancement.status": "failed",
      // The attempt before this one failed and was exported: the ticket's trace is to be whole.
      ...(job.attempt > 1 && job.origin !== undefined ? { "sampling.reason": "error" } : {}),
      "messaging.system": deps.queue.system,
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.destination.name": queueName,
      "messaging.message.id": job.id,
    },
  };
  const work = async (span: Span) => {
    const record = new AttemptRecord(job, span.spanContext().traceId);
    span.setAttribute("enhancement.id", record.id);
    try {
      return await attempt({ job, span, record, ...limits, deps });
    } catch (error) {
      if (isEnd(error, signal)) await keepFailure(record, error, deps);
      throw error;
    }
  };
  return inTicketSpan(deps.tracer, "enhance_ticket", ticket, options, work, parent);
}

interface Attempt extends AttemptLimits {
  job: LeasedJob;
  span: Span;
  record: AttemptRecord;
  deps: EnhanceDependencies;
}

async function attempt(one: Attempt): Promise<Ended> {
  const { job, record, signal, deps } = one;
  const { tenantId } = job.ticket;
  let tenant = await deps.findTenant(tenantId);
  const desk = deps.openDesk(tenant);
  if (job.writeStartedAt !== undefined) {
    const { marker } = record;
    const noteId = await writtenBefore(job.ticket, marker, job.writeStartedAt, desk, deps.tracer, signal);
    if (noteId !== undefined) return alreadyWritten(one, noteId);
  }
  const off = await whyOff(tenant, deps);
  if (off !== undefined) return skip(one, off);
  let read = await record.timed("read", () => readTicket(job.ticket, desk, tenant, deps.tracer, signal));
  const unwanted =
    whyNotWanted(read, tenant) ??
    whyFiltered(read, tenant) ??
    (await whyNotAgain(job, tenant, desk, read.onDesk, deps, signal));
  if (unwanted !== undefined) return skip(one, unwanted);

  const mark = new WriteMark(deps.queue, job.id);
  for (let pass = 1; ; pass++) {
    const noted = await writeNote(one, read, tenant);
    tenant = await deps.findTenant(tenantId);
    const writes = tenant.settings.note.mode === "automatic";
    const now = await record.timed("read", () => {
      const reading = readTicket(job.ticket, desk, tenant, deps.tracer, signal);
      return writes ? mark.beside(reading) : reading;
    });
    const refusal =
      (await whyOff(tenant, deps)) ??
      whyNotWanted(now, tenant) ??
      (now.onDesk?.hasNotes === read.onDesk?.hasNotes
        ? undefined
        : await whyNotAgain(job, tenant, desk, now.onDesk, deps, signal));
    if (refusal !== undefined) return skip(one, refusal);
    if (pass < passesAtMost && textChanged(read, now)) {
      one.span.addEvent("ticket.changed", { "enhancement.pass": pass + 1 });
      read = now;
      continue;
    }
    return deliver(one, noted, lackingIn(noted, now), tenant, desk, mark);
  }
}

interface Noted {
  written: WrittenNote;
  gathered: GatheredContext;
}

async function writeNote(
  { record, signal, windUpAt, deps }: Attempt,
  read: ReadTicket,
  tenant: Tenant,
): Promise<Noted> {
  const { ticket } = read;
  record.read(ticket);
  const { context: search, tracer } = deps;
  const budgetMs = Math.max(1, Math.min(contextBudgetMs, windUpAt - Date.now()));
  const rules = labelRules(tenant.settings.documents, read.onDesk?.group);
  const gathered = await record.timed("context", () =>
    gatherContext(ticket, { search, tracer, budgetMs, rules, signal }),
  );
  const { note, budget } = tenant.settings;
  const { name, email } = read.onDesk?.requester ?? {};
  const names = [name, email?.split("@")[0]].filter((one) => one !== undefined);
  const wishes = { language: note.language, caps: budget, hidePersonalData: note.hidePersonalData, names };
  const written = await record.timed("write", () =>
    deps.writer.write(ticket, gathered, wishes, signal, windUpAt),
  );
  record.wrote(written);
  return { written, gathered };
}

/** What the note lacks, in words; the ticket is then partial. */
function lackingIn({ written, gathered }: Noted, { unread }: ReadTicket): string[] {
  const lacking = gathered.missing.map(({ part, reason }) => `${part}: ${reason}`);
  if (written.failure !== undefined) lacking.push(`llm: ${written.failure.message}`);
  if (unread !== undefined) lacking.push(`ticket: ${unread}`);
  return lacking;
}

/** On the desk, for approval, or only into the records: as the tenant wishes. */
async function deliver(
  one: Attempt,
  { written }: Noted,
  lacking: readonly string[],
  tenant: Tenant,
  desk: ServiceDesk,
  mark: WriteMark,
): Promise<Ended> {
  const { job, span, record, signal, deps } = one;
  const status = lacking.length > 0 ? "partial" : "success";
  const { mode, showToRequester: isPublic, template } = tenant.settings.note;
  let noteId: string | undefined;
  if (mode === "automatic") {
    const meta = noteMeta(
      { id: record.id, marker: record.marker, traceId: span.spanContext().traceId },
      deps,
    );
    const html = renderNoteHtml(written.note, {
      ...meta,
      ...(template === null ? {} : { template }),
      isPublic,
    });
    noteId = await record.timed("desk", () =>
      putNote(job.ticket, { html, isPublic }, desk, mark, deps.tracer, signal),
    );
  }
  const delivery = mode === "automatic" ? "written" : mode;
  const reason = lacking.length > 0 ? lacking.join("; ") : undefined;
  span.setAttributes({ "enhancement.status": status, "enhancement.delivery": delivery });
  if (lacking.length > 0) span.addEvent("enhancement.partial", { "enhancement.missing": [...lacking] });
  const row = record.row({ status, delivery, reason, noteId }, hider(deps));
  if (mode === "automatic") return { outcome: { status, noteId }, row };
  const kept = mode === "draft" ? "A draft waits for approval." : "Shadow: kept, not written.";
  return { outcome: { status, noteId, reason: kept }, row };
}

function skip({ span, record, deps }: Attempt, { code, reason }: Refusal): Ended {
  span.setAttribute("enhancement.status", "skipped");
  span.addEvent("enhancement.skipped", { "enhancement.skip.code": code, "enhancement.skip.reason": reason });
  const row = record.row({ status: "skipped", delivery: "none", reason }, hider(deps));
  return { outcome: { status: "skipped", noteId: undefined, reason }, row };
}

/** An attempt that was cut off had written it. */
function alreadyWritten({ span, record, deps }: Attempt, noteId: string): Ended {
  span.addEvent("note.found", { "desk.note.id": noteId });
  span.setAttributes({ "enhancement.status": "success", "enhancement.delivery": "written" });
  const reason = "An attempt that was cut off had written the note.";
  const row = record.row({ status: "success", delivery: "written", reason, noteId }, hider(deps));
  return { outcome: { status: "success", noteId }, row };
}

/** Told by the attempt that failed; a job that goes back to the queue untouched has not ended. */
function isEnd(error: unknown, signal: AbortSignal): boolean {
  if (error instanceof LeaseLost || isThrottled(error)) return false;
  return !(signal.aborted && signal.reason instanceof Error && signal.reason.name === "WorkerStopping");
}

async function keepFailure(record: AttemptRecord, error: unknown, deps: EnhanceDependencies): Promise<void> {
  const reason = error instanceof Error ? error.message : String(error);
  try {
    await deps.records.add(record.row({ status: "failed", delivery: "none", reason }, hider(deps)));
  } catch (cause) {
    deps.logger.warn({ err: cause }, "a failed attempt could not be recorded");
  }
}

function hider({ redactor }: EnhanceDependencies): (text: string) => string {
  return (text) => redactor.text(text);
}

/** The log lines of a job carry its trace. */
export function spanIdsOf(parent: Context): { trace_id?: string; span_id?: string } {
  const origin = trace.getSpanContext(parent) ?? trace.getSpanContext(context.active());
  return origin === undefined ? {} : { trace_id: origin.traceId, span_id: origin.spanId };
}
