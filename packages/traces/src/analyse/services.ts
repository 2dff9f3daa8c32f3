import { type ResourceRecord, serviceName, type SpanRecord } from "../model.ts";

export interface ServiceCount {
  name: string;
  spanCount: number;
  /** Spans of the service itself with status ERROR. */
  errorCount: number;
}

/** The services of a trace, sorted by name. */
export function countServices(spans: readonly SpanRecord[]): ServiceCount[] {
  const counts = new Map<string, ServiceCount>();
  const byResource = new Map<ResourceRecord, ServiceCount>();
  for (const { resource, statusCode } of spans) {
    let count = byResource.get(resource);
    if (count === undefined) {
      const name = serviceName(resource);
      count = counts.get(name) ?? { name, spanCount: 0, errorCount: 0 };
      counts.set(name, count);
      byResource.set(resource, count);
    }
    count.spanCount++;
    if (statusCode === 2) count.errorCount++;
  }
  return [...counts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
