import type { SpanRecord } from "../model.ts";

/** The attribute in which Jaeger carries what it has to say about a span; its legacy JSON shows it as `warnings`. */
export const warningsKey = "@jaeger@warnings";

/** The span with a warning added; the span given stays as it is. */
export function withWarning(span: SpanRecord, text: string): SpanRecord {
  const warnings = [...warningsOf(span), text].map((value) => ({ type: "string" as const, value }));
  const attributes = span.attributes.filter(({ key }) => key !== warningsKey);
  return {
    ...span,
    attributes: [...attributes, { key: warningsKey, value: { type: "array", value: warnings } }],
  };
}

export function warningsOf(span: SpanRecord): string[] {
  const found = span.attributes.find(({ key }) => key === warningsKey)?.value;
  if (found?.type !== "array") return [];
  return found.value.flatMap((warning) => (warning.type === "string" ? [warning.value] : []));
}
