import type { AttributeValue, KeyValue } from "../model.ts";

/** Text of a scalar attribute; undefined where it is absent, empty or structured. */
export function textOf(attributes: readonly KeyValue[], key: string): string | undefined {
  const value = attributes.find((attribute) => attribute.key === key)?.value;
  return value && scalarText(value);
}

/** Text of a value; undefined where it is empty or structured. */
export function scalarText(value: AttributeValue): string | undefined {
  if (value.type === "string") return value.value === "" ? undefined : value.value;
  if (value.type === "bool" || value.type === "int" || value.type === "double") return String(value.value);
  return undefined;
}
