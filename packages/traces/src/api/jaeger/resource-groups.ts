import type { ResourceRecord, ScopeRecord, SpanRecord } from "../../model.ts";
import { attributeText } from "../../store/attribute-text.ts";

export interface ResourceGroup {
  resource: ResourceRecord;
  scopes: { scope: ScopeRecord; spans: SpanRecord[] }[];
}

/** A trace's spans by equal resource, then equal scope, each in the order in which it is first met. */
export function groupByResource(spans: readonly SpanRecord[]): ResourceGroup[] {
  const resourceText = textOnce<ResourceRecord>((it) => textOf(it, []));
  const scopeText = textOnce<ScopeRecord>((it) => textOf(it, [it.name, it.version]));
  const groups = new Map<
    string,
    { resource: ResourceRecord; scopes: Map<string, ResourceGroup["scopes"][0]> }
  >();
  for (const span of spans) {
    const { resource, scope } = span;
    const key = resourceText(resource);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = { resource, scopes: new Map() }));
    const scopeKey = scopeText(scope);
    const ofScope = group.scopes.get(scopeKey);
    if (ofScope === undefined) group.scopes.set(scopeKey, { scope, spans: [span] });
    else ofScope.spans.push(span);
  }
  return Array.from(groups.values(), ({ resource, scopes }) => ({ resource, scopes: [...scopes.values()] }));
}

/** The same spans, those of one resource and scope beside each other and sharing one object of each. */
export function inGroups(spans: readonly SpanRecord[]): SpanRecord[] {
  const ordered: SpanRecord[] = [];
  for (const { resource, scopes } of groupByResource(spans))
    for (const { scope, spans: own } of scopes)
      for (const span of own) ordered.push({ ...span, resource, scope });
  return ordered;
}

/** Most spans share the very object, so its text is made once. */
function textOnce<T>(make: (value: T) => string): (value: T) => string {
  const texts = new Map<T, string>();
  return (value) => {
    let text = texts.get(value);
    if (text === undefined) texts.set(value, (text = make(value)));
    return text;
  };
}

function textOf(
  { attributes, droppedAttributesCount, schemaUrl }: Pick<ResourceRecord, keyof ResourceRecord>,
  more: readonly string[],
): string {
  const values = attributes.map(({ key, value }) => [key, value.type, attributeText(value)]);
  return JSON.stringify([more, values, droppedAttributesCount, schemaUrl]);
}
