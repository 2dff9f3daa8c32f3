import { type KeyValue, type SpanKind, type SpanRecord, serviceName } from "../model.ts";
import type { SpanQuery } from "../query/reader.ts";
import { attributeText } from "./attribute-text.ts";

const kindNames: Record<SpanKind, string> = {
  0: "unspecified",
  1: "internal",
  2: "server",
  3: "client",
  4: "producer",
  5: "consumer",
};
const statusNames = { 0: "", 1: "OK", 2: "ERROR" } as const;

/** Calls `visit` for each key and text that a tag search finds the span by (see SpanQuery.tags). */
function visitTags(span: SpanRecord, visit: (key: string, text: string) => void): void {
  const attributes = (list: readonly KeyValue[]): void => {
    for (const { key, value } of list) visit(key, attributeText(value));
  };
  attributes(span.attributes);
  attributes(span.resource.attributes);
  attributes(span.scope.attributes);
  for (const event of span.events) {
    if (event.name !== "") visit("event", event.name);
    attributes(event.attributes);
  }
  for (const link of span.links) attributes(link.attributes);
  visit("span.kind", kindNames[span.kind]);
  if (span.statusCode === 2) visit("error", "true");
  if (span.statusCode !== 0) visit("otel.status_code", statusNames[span.statusCode]);
  if (span.statusMessage !== "") visit("otel.status_description", span.statusMessage);
  if (span.scope.name !== "") visit("otel.scope.name", span.scope.name);
  if (span.scope.version !== "") visit("otel.scope.version", span.scope.version);
  if (span.traceState !== "") visit("w3c.tracestate", span.traceState);
}

/** Whether one span meets the query's service, operation and tags; times are compared elsewhere. */
export function meetsNames(span: SpanRecord, query: SpanQuery): boolean {
  if (query.service !== undefined && serviceName(span.resource) !== query.service) return false;
  if (query.operation !== undefined && span.name !== query.operation) return false;
  if (query.tags.length === 0) return true;
  const open = new Set(query.tags.filter((tag) => !isErrorFalse(tag) || span.statusCode === 2));
  visitTags(span, (key, text) => {
    for (const tag of open) if (tag.key === key && tag.value === text) open.delete(tag);
  });
  return open.size === 0;
}

/** The hashes that the span's trace is listed under. Two texts may share a hash: a match is always checked on the span. */
export function visitTerms(span: SpanRecord, visit: (term: number) => void): void {
  const service = serviceName(span.resource);
  visit(term("service", service));
  visit(term("operation", span.name));
  visit(term("operation", service, span.name));
  visitTags(span, (key, text) => visit(term("tag", key, text)));
}

/** The terms that every match is listed under; empty when the query names nothing. */
export function queryTerms({ service, operation, tags }: SpanQuery): number[] {
  // A span without an error needs no attribute to say so, hence has no term for it.
  const terms = tags.filter((tag) => !isErrorFalse(tag)).map((tag) => term("tag", tag.key, tag.value));
  if (service !== undefined && operation !== undefined) terms.push(term("operation", service, operation));
  else if (service !== undefined) terms.push(term("service", service));
  else if (operation !== undefined) terms.push(term("operation", operation));
  return terms;
}

/** `error=false`: any span whose status is not ERROR. */
function isErrorFalse(tag: { key: string; value: string }): boolean {
  return tag.key === "error" && tag.value === "false";
}

/** FNV-1a over UTF-16 units, 30 bits: such numbers cost no memory of their own in V8. */
function term(...parts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (let at = 0; at < part.length; at++) hash = Math.imul(hash ^ part.charCodeAt(at), 0x01000193);
    // A separator, so that "a","bc" differs from "ab","c".
    hash = Math.imul(hash ^ 0xffff, 0x01000193);
  }
  return (hash >>> 2) ^ (hash & 3);
}
