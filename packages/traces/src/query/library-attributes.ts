import { isDeepStrictEqual } from "node:util";
import type { KeyValue, ResourceRecord, SpanRecord } from "../model.ts";
import { withWarning } from "./warnings.ts";

const keys = new Set([
  "telemetry.sdk.language",
  "telemetry.sdk.name",
  "telemetry.sdk.version",
  "telemetry.distro.name",
  "telemetry.distro.version",
]);

/** What spans say of their library is said by their resource; where that says something else, a warning stands on the span. */
export function moveLibraryAttributes(spans: readonly SpanRecord[]): SpanRecord[] {
  if (
    !spans.some(({ attributes }) =>
      attributes.some(({ key }) => key.startsWith("telemetry.") && keys.has(key)),
    )
  )
    return [...spans];
  // Spans that shared a resource share what becomes of it.
  const resources = new Map<ResourceRecord, KeyValue[]>();
  const moved = spans.map((span) => {
    const own = span.attributes.filter(({ key }) => keys.has(key));
    if (own.length === 0) return span;
    let attributes = resources.get(span.resource);
    if (attributes === undefined) resources.set(span.resource, (attributes = [...span.resource.attributes]));
    const conflicts = new Set<string>();
    for (const { key, value } of own) {
      const known = attributes.find((one) => one.key === key);
      if (known === undefined) attributes.push({ key, value });
      else if (!isDeepStrictEqual(known.value, value)) conflicts.add(key);
    }
    const left = span.attributes.filter(({ key }) => !keys.has(key) || conflicts.has(key));
    let result: SpanRecord = { ...span, attributes: left };
    for (const key of conflicts) result = withWarning(result, `conflicting attribute values for ${key}`);
    return result;
  });
  const made = new Map(
    Array.from(resources, ([resource, attributes]) => [resource, { ...resource, attributes }] as const),
  );
  return moved.map((span) => {
    const resource = made.get(span.resource);
    return resource === undefined ? span : { ...span, resource };
  });
}
