import type { TraceSummary } from "@throughline/api";

/** When everything in the gallery happened. */
export const atMs = Date.parse("2026-11-24T12:00:00Z");
export const plain: TraceSummary = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  rootService: "ai-agents-enhancement",
  rootOperation: "POST /webhook/servicedesk",
  startUnixNano: `${atMs - 42_000}000000`,
  durationNs: 1_240_000_000,
  spanCount: 14,
  errorCount: 0,
  services: [{ name: "ai-agents-enhancement", spanCount: 14, errorCount: 0 }],
  ticketId: "TICKET-456",
  tenantId: "acme",
  priority: "high",
  enhancementStatus: "success",
  slow: false,
  firstError: null,
};
export const failed: TraceSummary = {
  ...plain,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  ticketId: "TICKET-457",
  enhancementStatus: "failed",
  errorCount: 3,
  firstError: { spanName: "api.servicedesk_plus.update_ticket", message: "403 Forbidden" },
};
export const hostile: TraceSummary = {
  ...plain,
  traceId: "1111111111111111111111111111111f",
  ticketId: `<img src=x onerror="alert(1)">${"very-long-".repeat(12)}`,
  tenantId: "\u202Eright to left",
  enhancementStatus: null,
  slow: true,
  durationNs: -5_000_000,
};
