import type { KeyValue, SpanRecord } from "../model.ts";

/** Text of a scalar attribute; undefined where it is absent, empty or structured. */
export function textOf(attributes: readonly KeyValue[], key: string): string | undefined {
  const value = attributes.find((attribute) => attribute.key === key)?.value;
  if (value?.type === "string") return value.value === "" ? undefined : value.value;
  if (value?.type === "bool" || value?.type === "int" || value?.type === "double") return String(value.value);
  return undefined;
}

/** The attribute's text on the first of the spans that carries it. */
export function firstText(spans: readonly SpanRecord[], key: string): string | null {
  for (const { attributes } of spans) {
    const text = textOf(attributes, key);
    if (text !== undefined) return text;
  }
  return null;
}
