import type { KeyValue, LinkRecord, ResourceRecord, ScopeRecord, SpanRecord } from "../model.ts";
import { warnOfClockSkew } from "./clock-skew.ts";
import { moveLibraryAttributes } from "./library-attributes.ts";
import { withUniqueIds } from "./unique-ids.ts";
import { withWarning } from "./warnings.ts";

/**
 * What Jaeger does to a trace on reading unless the raw one is asked for: shared span ids are told apart, attributes
 * are sorted by key and events by name, doubtful clocks are pointed out, numeric addresses become dotted quads, what
 * spans say of their SDK goes to the resource, links without a trace id go. The spans given stay as they are.
 */
export function adjust(trace: readonly SpanRecord[]): SpanRecord[] {
  const resources = new Map<ResourceRecord, ResourceRecord>();
  const scopes = new Map<ScopeRecord, ScopeRecord>();
  const sorted = withUniqueIds(trace).map((span) => {
    const attributes = byKey(withDottedQuads(span.attributes)) as KeyValue[];
    const resource = once(resources, span.resource, (whole) =>
      withAttributes(whole, byKey(withDottedQuads(whole.attributes))),
    );
    const scope = once(scopes, span.scope, (whole) => withAttributes(whole, byKey(whole.attributes)));
    const isAsItWas =
      attributes === span.attributes &&
      resource === span.resource &&
      scope === span.scope &&
      span.events.length === 0 &&
      span.links.length === 0;
    if (isAsItWas) return span;
    return {
      ...span,
      attributes,
      events:
        span.events.length === 0
          ? span.events
          : span.events
              .map((event) => withAttributes(event, byKey(event.attributes)))
              .sort((a, b) => compare(a.name, b.name)),
      links:
        span.links.length === 0
          ? span.links
          : span.links.map((link) => withAttributes(link, byKey(link.attributes))),
      resource,
      scope,
    };
  });
  return moveLibraryAttributes(warnOfClockSkew(sorted)).map(withoutEmptyLinks);
}

/** The very object where its attributes are these. */
function withAttributes<T extends { attributes: KeyValue[] }>(whole: T, attributes: readonly KeyValue[]): T {
  return attributes === whole.attributes ? whole : { ...whole, attributes: attributes as KeyValue[] };
}

/** Spans of one batch share their resource and scope, and still do afterwards. */
function once<T>(done: Map<T, T>, value: T, change: (value: T) => T): T {
  let changed = done.get(value);
  if (changed === undefined) done.set(value, (changed = change(value)));
  return changed;
}

/** Lists that are in order stay; short ones are most of all. */
function byKey(attributes: readonly KeyValue[]): readonly KeyValue[] {
  let isSorted = true;
  for (let at = 1; at < attributes.length && isSorted; at++)
    isSorted = (attributes[at - 1] as KeyValue).key <= (attributes[at] as KeyValue).key;
  if (isSorted) return attributes;
  if (attributes.length > insertedAtMost) return attributes.toSorted((a, b) => compare(a.key, b.key));
  const sorted = [...attributes];
  for (let from = 1; from < sorted.length; from++) {
    const attribute = sorted[from] as KeyValue;
    let at = from;
    for (; at > 0 && (sorted[at - 1] as KeyValue).key > attribute.key; at--)
      sorted[at] = sorted[at - 1] as KeyValue;
    sorted[at] = attribute;
  }
  return sorted;
}

/** Shorter lists are sorted faster by insertion. */
const insertedAtMost = 24;

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function withDottedQuads(attributes: readonly KeyValue[]): readonly KeyValue[] {
  if (!attributes.some(({ key }) => key === "ip" || key === "peer.ipv4")) return attributes;
  return attributes.map((attribute) => {
    const { key, value } = attribute;
    if ((key !== "ip" && key !== "peer.ipv4") || (value.type !== "int" && value.type !== "double"))
      return attribute;
    return { key, value: { type: "string", value: dottedQuad(Number(value.value)) } };
  });
}

function dottedQuad(address: number): string {
  // The shift reads any number as 32 bits.
  return [24, 16, 8, 0].map((bits) => (address >>> bits) & 0xff).join(".");
}

function withoutEmptyLinks(span: SpanRecord): SpanRecord {
  if (span.links.length === 0) return span;
  const links = span.links.filter(isWhole);
  if (links.length === span.links.length) return span;
  return withWarning({ ...span, links }, "a link without a trace ID was removed");
}

function isWhole(link: LinkRecord): boolean {
  return !/^0*$/.test(link.traceId);
}
