import { enhancementStatus, type TraceSummary } from "@throughline/api";
import { type KeyValue, serviceName, type SpanRecord } from "../model.ts";
import { scalarText, textOf } from "./attributes.ts";
import { errorKeys, errorMessageOf, failedTree, firstError, newestAttempt } from "./first-error.ts";
import { countServices, type ServiceCount } from "./services.ts";
import { extent } from "./timing.ts";
import type { SpanTree } from "./tree.ts";

const statusKey = "enhancement.status";

/** What a summary says of a trace, however its spans are held. */
export interface SummaryParts {
  traceId: string;
  root: Pick<SpanRecord, "resource" | "name"> | undefined;
  start: bigint;
  end: bigint;
  spanCount: number;
  errorCount: number;
  services: ServiceCount[];
  labels: TraceLabels;
  /** The newest attempt. */
  attempt: Pick<SpanRecord, "attributes"> | undefined;
  /** The first cause. */
  error: Pick<SpanRecord, "name" | "statusMessage" | "attributes" | "events"> | undefined;
}

/** What a list of traces shows of one (TraceSummary says what each field means). */
export function summarise(tree: SpanTree): TraceSummary {
  const { spans } = tree;
  const root = rootOf(tree);
  const failed = failedTree(tree);
  const newest = newestAttempt(failed);
  const labels = new TraceLabels();
  for (const { attributes } of spans) for (const attribute of attributes) labels.take(attribute);
  return summaryOf({
    traceId: root?.traceId ?? "",
    root,
    ...extent(spans),
    spanCount: spans.length,
    errorCount: spans.filter(({ statusCode }) => statusCode === 2).length,
    services: countServices(spans),
    labels,
    attempt: spans[newest],
    error: spans[firstError(failed, newest)],
  });
}

export function summaryOf({
  root,
  start,
  end,
  labels,
  attempt,
  error,
  ...parts
}: SummaryParts): TraceSummary {
  const status = enhancementStatus.safeParse(attempt && textOf(attempt.attributes, statusKey));
  return {
    traceId: parts.traceId,
    rootService: root === undefined ? "" : serviceName(root.resource),
    rootOperation: root?.name ?? "",
    startUnixNano: String(start),
    durationNs: Number(end - start),
    spanCount: parts.spanCount,
    errorCount: parts.errorCount,
    services: parts.services,
    ...labels.found(),
    enhancementStatus: status.success ? status.data : null,
    firstError: error === undefined ? null : { spanName: error.name, message: errorMessageOf(error) },
  };
}

/** What the attributes of a trace's spans say of it: the first that says something counts. */
export class TraceLabels {
  private ticketId: string | undefined;
  private tenantId: string | undefined;
  private priority: string | undefined;
  private slow = false;

  /** An attribute of a span, in the tree's order: there may be a million of them. */
  take({ key, value }: KeyValue): void {
    switch (key) {
      case "ticket.id":
        this.ticketId ??= scalarText(value);
        break;
      case "tenant.id":
        this.tenantId ??= scalarText(value);
        break;
      case "ticket.priority":
        this.priority ??= scalarText(value);
        break;
      case "slow_trace":
        this.slow ||= scalarText(value) === "true";
        break;
    }
  }

  found(): Pick<TraceSummary, "ticketId" | "tenantId" | "priority" | "slow"> {
    const { ticketId = null, tenantId = null, priority = null, slow } = this;
    return { ticketId, tenantId, priority, slow };
  }
}

/** Keys that `TraceLabels` takes. */
export const labelKeys: ReadonlySet<string> = new Set([
  "ticket.id",
  "tenant.id",
  "ticket.priority",
  "slow_trace",
]);
/** Keys of all of the spans' own attributes that a summary is made of. */
export const summaryKeys: ReadonlySet<string> = new Set([...labelKeys, statusKey, ...errorKeys]);

/** The earliest span without a parent, else the earliest whose parent is missing. */
function rootOf({ spans, parents }: SpanTree): SpanRecord | undefined {
  // The roots of a tree come by start.
  return (
    spans.find((span, index) => parents[index] === -1 && span.parentSpanId === "") ??
    spans.find((_, index) => parents[index] === -1)
  );
}
