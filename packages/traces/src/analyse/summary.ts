import { enhancementStatus, type TraceSummary } from "@throughline/api";
import { serviceName, type SpanRecord } from "../model.ts";
import { scalarText, textOf } from "./attributes.ts";
import { errorMessageOf, firstErrorOf, newestAttempt } from "./first-error.ts";
import { countServices } from "./services.ts";
import { extent } from "./timing.ts";
import type { SpanTree } from "./tree.ts";

/** What a list of traces shows of one (TraceSummary says what each field means). */
export function summarise(tree: SpanTree): TraceSummary {
  const { spans } = tree;
  const { start, end } = extent(spans);
  const root = rootOf(tree);
  const attempt = spans[newestAttempt(tree)];
  const status = enhancementStatus.safeParse(attempt && textOf(attempt.attributes, "enhancement.status"));
  const error = firstErrorOf(tree);
  return {
    traceId: root?.traceId ?? "",
    rootService: root === undefined ? "" : serviceName(root.resource),
    rootOperation: root?.name ?? "",
    startUnixNano: String(start),
    durationNs: Number(end - start),
    spanCount: spans.length,
    errorCount: spans.filter(({ statusCode }) => statusCode === 2).length,
    services: countServices(spans),
    ...labelsOf(spans),
    enhancementStatus: status.success ? status.data : null,
    firstError: error === undefined ? null : { spanName: error.name, message: errorMessageOf(error) },
  };
}

/** One pass over all attributes: there may be a million of them. */
function labelsOf(
  spans: readonly SpanRecord[],
): Pick<TraceSummary, "ticketId" | "tenantId" | "priority" | "slow"> {
  let ticketId: string | undefined;
  let tenantId: string | undefined;
  let priority: string | undefined;
  let slow = false;
  for (const { attributes } of spans) {
    for (const { key, value } of attributes) {
      switch (key) {
        case "ticket.id":
          ticketId ??= scalarText(value);
          break;
        case "tenant.id":
          tenantId ??= scalarText(value);
          break;
        case "ticket.priority":
          priority ??= scalarText(value);
          break;
        case "slow_trace":
          slow ||= scalarText(value) === "true";
          break;
      }
    }
  }
  return { ticketId: ticketId ?? null, tenantId: tenantId ?? null, priority: priority ?? null, slow };
}

/** The earliest span without a parent, else the earliest whose parent is missing. */
function rootOf({ spans, parents }: SpanTree): SpanRecord | undefined {
  // The roots of a tree come by start.
  return (
    spans.find((span, index) => parents[index] === -1 && span.parentSpanId === "") ??
    spans.find((_, index) => parents[index] === -1)
  );
}
