import { countServices } from "../../analyse/services.ts";
import { extent } from "../../analyse/timing.ts";
import { serviceName, type SpanRecord } from "../../model.ts";

/** One entry of GET /api/v3/trace-summaries: Jaeger's TraceSummary in proto3 JSON. `trace`: adjusted, not empty. */
export function v3Summary(trace: readonly SpanRecord[]): object {
  const root = earliestRoot(trace);
  const { start, end } = extent(trace);
  const spanIds = new Set(trace.map(({ spanId }) => spanId));
  return {
    traceId: trace[0]?.traceId ?? "",
    ...(root === undefined
      ? {}
      : { rootServiceName: serviceName(root.resource), rootOperationName: root.name }),
    ...(start === 0n ? {} : { minStartTimeUnixNano: String(start) }),
    ...(end === 0n ? {} : { maxEndTimeUnixNano: String(end) }),
    ...count("spanCount", trace.length),
    ...count("errorSpanCount", trace.filter(({ statusCode }) => statusCode === 2).length),
    ...count(
      "orphanSpanCount",
      trace.filter(({ parentSpanId }) => parentSpanId !== "" && !spanIds.has(parentSpanId)).length,
    ),
    services: countServices(trace).map(({ name, spanCount, errorCount }) => ({
      name,
      ...count("spanCount", spanCount),
      ...count("errorSpanCount", errorCount),
    })),
  };
}

function earliestRoot(trace: readonly SpanRecord[]): SpanRecord | undefined {
  let root: SpanRecord | undefined;
  for (const span of trace) {
    if (span.parentSpanId !== "") continue;
    if (root === undefined || span.startUnixNano < root.startUnixNano) root = span;
  }
  return root;
}

/** proto3 JSON leaves zeros out. */
function count(name: string, value: number): Record<string, number> {
  return value === 0 ? {} : { [name]: value };
}
