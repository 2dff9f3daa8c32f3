import { trace } from "@opentelemetry/api";
import type { Health } from "@throughline/api/health";
import { sampledTraceId } from "../span.ts";
import { DeskError, type ServiceDesk } from "./desk.ts";

/** One call to a desk: its kind, what was asked and what came of it. */
interface DeskCall {
  desk: string;
  operation: "get_ticket" | "find_note" | "add_note";
  outcome: "ok" | "refused" | "throttled" | "failed" | "cancelled";
  seconds: number;
  traceId: string | undefined;
}
export type DeskObserver = (call: DeskCall) => void;

const outcomes = { permanent: "refused", throttled: "throttled", transient: "failed" } as const;

/** The desk, with what is seen of its kind as it is used. A refusal is an answer: the desk is there. */
export function watchedDesk(
  desk: ServiceDesk,
  kind: string,
  health: Health,
  observe: DeskObserver,
): ServiceDesk {
  const seen = async <T>(operation: DeskCall["operation"], work: Promise<T>): Promise<T> => {
    const part = `desk.${kind}`;
    const startedMs = performance.now();
    let outcome: DeskCall["outcome"] = "cancelled";
    try {
      const result = await work;
      outcome = "ok";
      health.observe(part, { status: "ok", detail: "answers" });
      return result;
    } catch (error) {
      if (error instanceof DeskError) {
        outcome = outcomes[error.kind];
        const status = error.kind === "transient" ? "failed" : "degraded";
        health.observe(part, { status, detail: error.message });
      }
      throw error;
    } finally {
      const seconds = (performance.now() - startedMs) / 1_000;
      observe({ desk: kind, operation, outcome, seconds, traceId: sampledTraceId(trace.getActiveSpan()) });
    }
  };
  return {
    ...desk,
    getTicket: (ticketId, signal) => seen("get_ticket", desk.getTicket(ticketId, signal)),
    findNote: (ticketId, marker, signal) => seen("find_note", desk.findNote(ticketId, marker, signal)),
    addNote: (ticketId, note, signal) => seen("add_note", desk.addNote(ticketId, note, signal)),
  };
}
