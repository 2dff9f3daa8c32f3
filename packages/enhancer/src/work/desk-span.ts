import { SpanKind, type Tracer } from "@opentelemetry/api";
import { DeskError, type ServiceDesk } from "../desk/desk.ts";
import { inTicketSpan, type TicketRef } from "../span.ts";

/** A question to the desk in a CLIENT span of its own, `api.<desk>.<operation>`; a refusal's HTTP status stands on it. */
export function inDeskSpan<T>(
  tracer: Tracer,
  operation: "get_ticket" | "find_note",
  desk: ServiceDesk,
  ticket: TicketRef,
  ask: () => Promise<T>,
): Promise<T> {
  const attributes = {
    "http.request.method": "GET",
    "server.address": desk.address.host,
    "server.port": desk.address.port,
    "desk.name": desk.name,
  };
  const options = { kind: SpanKind.CLIENT, attributes };
  return inTicketSpan(tracer, `api.${desk.name}.${operation}`, ticket, options, async (span) => {
    let status: number | undefined = 200;
    try {
      return await ask();
    } catch (error) {
      status = error instanceof DeskError ? error.httpStatus : undefined;
      throw error;
    } finally {
      if (status !== undefined)
        span.setAttributes({ "http.response.status_code": status, "http.status_code": status });
    }
  });
}
