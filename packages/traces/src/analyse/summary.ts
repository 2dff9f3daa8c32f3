import { enhancementStatus, type TraceSummary } from "@throughline/api";
import { serviceName, type SpanRecord } from "../model.ts";
import { firstText, textOf } from "./attributes.ts";
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
    ticketId: firstText(spans, "ticket.id"),
    tenantId: firstText(spans, "tenant.id"),
    priority: firstText(spans, "ticket.priority"),
    enhancementStatus: status.success ? status.data : null,
    slow: spans.some(({ attributes }) => textOf(attributes, "slow_trace") === "true"),
    firstError: error === undefined ? null : { spanName: error.name, message: errorMessageOf(error) },
  };
}

/** The earliest span without a parent, else the earliest whose parent is missing. */
function rootOf({ spans, parents }: SpanTree): SpanRecord | undefined {
  // The roots of a tree come by start.
  return (
    spans.find((span, index) => parents[index] === -1 && span.parentSpanId === "") ??
    spans.find((_, index) => parents[index] === -1)
  );
}
