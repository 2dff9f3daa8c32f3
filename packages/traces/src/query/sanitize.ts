import { type KeyValue, type ResourceRecord, serviceName, type SpanRecord } from "../model.ts";
import { withWarning } from "./warnings.ts";

/**
 * Spans as Jaeger keeps them: its replacements for a missing service name, an empty span name and a span that does not
 * end after its start. Jaeger does this before storing; here the store keeps what was sent.
 */
export function sanitize(spans: readonly SpanRecord[]): SpanRecord[] {
  const resources = new Map<ResourceRecord, ResourceRecord>();
  return spans.map((span) => {
    let resource = resources.get(span.resource);
    if (resource === undefined) resources.set(span.resource, (resource = withServiceName(span.resource)));
    const name = span.name === "" ? "empty-span-name" : span.name;
    const named = resource === span.resource && name === span.name ? span : { ...span, resource, name };
    if (span.endUnixNano > span.startUnixNano) return named;
    const lasted = span.endUnixNano - span.startUnixNano;
    return withWarning(
      { ...named, endUnixNano: span.startUnixNano + 1n },
      `the span ended ${lasted} ns after its start, shown as 1 ns`,
    );
  });
}

function withServiceName(resource: ResourceRecord): ResourceRecord {
  const shown = serviceName(resource);
  const name: KeyValue = { key: "service.name", value: { type: "string", value: shown } };
  const at = resource.attributes.findIndex(({ key }) => key === "service.name");
  const sent = resource.attributes[at]?.value;
  if (sent?.type === "string" && sent.value === shown) return resource;
  if (at < 0) return { ...resource, attributes: [...resource.attributes, name] };
  return { ...resource, attributes: resource.attributes.with(at, name) };
}
