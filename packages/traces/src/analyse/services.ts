import { serviceName, type SpanRecord } from "../model.ts";

export interface ServiceCount {
  name: string;
  spanCount: number;
  /** Spans of the service itself with status ERROR. */
  errorCount: number;
}

/** The services of a trace, sorted by name. */
export function countServices(spans: readonly SpanRecord[]): ServiceCount[] {
  const counts = new Map<string, ServiceCount>();
  for (const { resource, statusCode } of spans) {
    const name = serviceName(resource);
    let count = counts.get(name);
    if (count === undefined) counts.set(name, (count = { name, spanCount: 0, errorCount: 0 }));
    count.spanCount++;
    if (statusCode === 2) count.errorCount++;
  }
  return [...counts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
