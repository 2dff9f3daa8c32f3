import { type ResourceRecord, serviceName, type SpanRecord } from "../model.ts";

export interface ServiceCount {
  name: string;
  spanCount: number;
  /** Spans of the service itself with status ERROR. */
  errorCount: number;
}

/** The services of a trace, sorted by name. */
export function countServices(spans: readonly SpanRecord[]): ServiceCount[] {
  const counts = new ServiceCounts();
  for (const { resource, statusCode } of spans) counts.add(resource, statusCode === 2);
  return counts.sorted();
}

/** Counts by service, whose name is looked up once for each resource. */
export class ServiceCounts {
  private readonly counts = new Map<string, ServiceCount>();
  private readonly byResource = new Map<ResourceRecord, ServiceCount>();

  add(resource: ResourceRecord, hasFailed: boolean): void {
    const count = this.of(resource);
    count.spanCount++;
    if (hasFailed) count.errorCount++;
  }

  sorted(): ServiceCount[] {
    return [...this.counts.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private of(resource: ResourceRecord): ServiceCount {
    let count = this.byResource.get(resource);
    if (count === undefined) {
      const name = serviceName(resource);
      count = this.counts.get(name) ?? { name, spanCount: 0, errorCount: 0 };
      this.counts.set(name, count);
      this.byResource.set(resource, count);
    }
    return count;
  }
}
