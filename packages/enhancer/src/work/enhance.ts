import { context, type Context, type Span, SpanKind, trace, type Tracer } from "@opentelemetry/api";
import type { Logger } from "pino";
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { gatherContext } from "../context/gather.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import { DeskError, type ServiceDesk } from "../desk/desk.ts";
import { inDeskSpan } from "./desk-span.ts";
import type { NoteWriter } from "../llm/writer.ts";
import { type JobOutcome, type JobSource, type LeasedJob, queueName } from "../queue/queue.ts";
import { inTicketSpan } from "../span.ts";
import type { Tenant } from "../tenants/tenants.ts";
import { renderNoteHtml } from "./note-html.ts";

export interface EnhanceDependencies {
  database: EnhancerDatabase;
  queue: JobSource;
  tracer: Tracer;
  writer: NoteWriter;
  findTenant: (id: string) => Promise<Tenant>;
  openDesk: (tenant: Tenant) => ServiceDesk;
  logger: Logger;
  /** Base of links in notes; undefined: notes carry the trace id alone. */
  publicUrl: string | undefined;
}

const contextBudgetMs = 30_000;
/** A desk that was asked to write may still do so this long after the asker died. */
const settleMs = 10_000;
const settlePollMs = 500;

/** One attempt at one ticket: context, note, desk. Throws what failed; the span `enhance_ticket` tells the same. */
export async function enhance(
  job: LeasedJob,
  parent: Context,
  signal: AbortSignal,
  deps: EnhanceDependencies,
): Promise<JobOutcome> {
  const { ticket } = job;
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
  return inTicketSpan(
    deps.tracer,
    "enhance_ticket",
    ticket,
    options,
    async (span) => {
      const tenant = await deps.findTenant(ticket.tenantId);
      const gathered = await gatherContext(ticket, {
        database: deps.database,
        tracer: deps.tracer,
        budgetMs: contextBudgetMs,
        signal,
      });
      const { note, failure } = await deps.writer.write(ticket, gathered, signal);
      const lacking = gathered.missing.map(({ part, reason }) => `${part}: ${reason}`);
      if (failure !== undefined) lacking.push(`llm: ${failure.message}`);
      const status = lacking.length > 0 ? "partial" : "success";
      const traceId = span.spanContext().traceId;
      const html = renderNoteHtml(note, {
        traceId,
        marker: markerOf(job),
        ...(deps.publicUrl === undefined ? {} : { traceUrl: `${deps.publicUrl}/trace/${traceId}` }),
      });
      const noteId = await updateTicket(job, html, deps.openDesk(tenant), signal, deps);
      span.setAttribute("enhancement.status", status);
      if (lacking.length > 0) span.addEvent("enhancement.partial", { "enhancement.missing": lacking });
      return { status, noteId };
    },
    parent,
  );
}

/** The idempotency key that stands in the note: the same for every attempt of a job. */
function markerOf({ id, ticket }: LeasedJob): string {
  return `tl-${createHash("sha256").update(`${ticket.tenantId}\n${ticket.ticketId}\n${id}`).digest("hex").slice(0, 20)}`;
}

/** Writes the note once: where an earlier attempt may have written it, the desk is asked first. */
function updateTicket(
  job: LeasedJob,
  html: string,
  desk: ServiceDesk,
  signal: AbortSignal,
  deps: EnhanceDependencies,
): Promise<string> {
  const { ticket } = job;
  const target = desk.address;
  const options = {
    kind: SpanKind.CLIENT,
    attributes: {
      "http.request.method": "POST",
      "url.template": target.template,
      "server.address": target.host,
      "server.port": target.port,
      "desk.name": desk.name,
    },
  };
  return inTicketSpan(deps.tracer, "api.servicedesk_plus.update_ticket", ticket, options, async (span) => {
    const earlier = await writtenBefore(job, desk, signal, deps.tracer);
    if (earlier !== undefined) {
      span.addEvent("note.found", { "desk.note.id": earlier });
      span.setAttribute("desk.note.id", earlier);
      return earlier;
    }
    await deps.queue.markWriteStarted(job.id);
    try {
      const { noteId, httpStatus } = await desk.addNote(ticket.ticketId, { html, isPublic: false }, signal);
      recordStatus(span, httpStatus);
      span.setAttribute("desk.note.id", noteId);
      return noteId;
    } catch (error) {
      if (error instanceof DeskError && error.httpStatus !== undefined) recordStatus(span, error.httpStatus);
      if (error instanceof DeskError && error.kind !== "transient")
        await deps.queue.clearWriteStarted(job.id);
      throw error;
    }
  });
}

async function writtenBefore(
  job: LeasedJob,
  desk: ServiceDesk,
  signal: AbortSignal,
  tracer: Tracer,
): Promise<string | undefined> {
  const startedAt = job.writeStartedAt;
  if (startedAt === undefined) return undefined;
  const { ticketId } = job.ticket;
  for (;;) {
    const found = await inDeskSpan(tracer, "find_note", desk, job.ticket, () =>
      desk.findNote(ticketId, markerOf(job), signal),
    );
    if (found !== undefined) return found.noteId;
    if (Date.now() >= startedAt + settleMs) return undefined;
    await sleep(settlePollMs);
    signal.throwIfAborted();
  }
}

function recordStatus(span: Span, status: number): void {
  span.setAttributes({ "http.response.status_code": status, "http.status_code": status });
}

/** The log lines of a job carry its trace. */
export function spanIdsOf(parent: Context): { trace_id?: string; span_id?: string } {
  const origin = trace.getSpanContext(parent) ?? trace.getSpanContext(context.active());
  return origin === undefined ? {} : { trace_id: origin.traceId, span_id: origin.spanId };
}
