import type { ValueCleaner } from "../ingest-redaction.ts";
import {
  type KeyValue,
  ownerOf,
  type ResourceRecord,
  type ScopeRecord,
  type SpanRecord,
  tenantAttribute,
} from "../model.ts";
import { anySender, type Origin } from "../sink.ts";

/**
 * Spans as the store would keep them: every text of theirs gone through the redactor, and their resources saying whose they are, which
 * no sender can write. The spans given stay as they are.
 */
export function redactSpans(
  spans: readonly SpanRecord[],
  cleaner: ValueCleaner,
  from: Origin = anySender,
): SpanRecord[] {
  const resources = new Map<ResourceRecord, ResourceRecord>();
  const scopes = new Map<ScopeRecord, ScopeRecord>();
  const attributes = (list: readonly KeyValue[]): KeyValue[] =>
    list.flatMap((attribute) => {
      const clean = cleaner.attribute(attribute);
      return clean === undefined || clean.key === tenantAttribute ? [] : clean;
    });
  const owner = (resource: ResourceRecord): KeyValue[] => {
    const tenant = from === "kept" ? ownerOf(resource) : from.tenant;
    return tenant === undefined ? [] : [{ key: tenantAttribute, value: { type: "string", value: tenant } }];
  };
  const resourceOf = (resource: ResourceRecord): ResourceRecord =>
    once(resources, resource, () => ({
      ...resource,
      attributes: [...attributes(resource.attributes), ...owner(resource)],
      schemaUrl: cleaner.text(resource.schemaUrl),
    }));
  const scopeOf = (scope: ScopeRecord): ScopeRecord =>
    once(scopes, scope, () => ({
      ...scope,
      name: cleaner.text(scope.name),
      version: cleaner.text(scope.version),
      attributes: attributes(scope.attributes),
      schemaUrl: cleaner.text(scope.schemaUrl),
    }));
  return spans.map((span) => ({
    ...span,
    traceState: cleaner.text(span.traceState),
    name: cleaner.text(span.name),
    statusMessage: cleaner.text(span.statusMessage),
    attributes: attributes(span.attributes),
    events: span.events.map((event) => ({
      ...event,
      name: cleaner.text(event.name),
      attributes: attributes(event.attributes),
    })),
    links: span.links.map((link) => ({
      ...link,
      traceState: cleaner.text(link.traceState),
      attributes: attributes(link.attributes),
    })),
    resource: resourceOf(span.resource),
    scope: scopeOf(span.scope),
  }));
}

function once<T>(done: Map<T, T>, value: T, make: () => T): T {
  let made = done.get(value);
  if (made === undefined) done.set(value, (made = make()));
  return made;
}
