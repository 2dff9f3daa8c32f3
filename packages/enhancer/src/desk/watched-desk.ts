import type { Health } from "@throughline/api/health";
import { DeskError, type ServiceDesk } from "./desk.ts";

/** The desk, with what is seen of its kind as it is used. A refusal is an answer: the desk is there. */
export function watchedDesk(desk: ServiceDesk, kind: string, health: Health): ServiceDesk {
  const seen = async <T>(work: Promise<T>): Promise<T> => {
    const part = `desk.${kind}`;
    try {
      const result = await work;
      health.observe(part, { status: "ok", detail: "answers" });
      return result;
    } catch (error) {
      if (error instanceof DeskError) {
        const status = { permanent: "degraded", throttled: "degraded", transient: "failed" } as const;
        health.observe(part, { status: status[error.kind], detail: error.message });
      }
      throw error;
    }
  };
  return {
    ...desk,
    getTicket: (ticketId, signal) => seen(desk.getTicket(ticketId, signal)),
    findNote: (ticketId, marker, signal) => seen(desk.findNote(ticketId, marker, signal)),
    addNote: (ticketId, note, signal) => seen(desk.addNote(ticketId, note, signal)),
  };
}
