import type { AttributeValue } from "../model.ts";

/**
 * The text that searches compare: bool true/false, int decimal, double in JavaScript's shortest form, array and map as
 * compact JSON, bytes as base64, no value as the empty text.
 */
export function attributeText(value: AttributeValue): string {
  switch (value.type) {
    case "string":
      return value.value;
    case "bytes":
      return Buffer.from(value.value).toString("base64");
    case "array":
    case "map":
      return json(value);
    case "empty":
      return "";
    case "bool":
    case "int":
    case "double":
      return String(value.value);
  }
}

/** JSON written by hand, because JSON.stringify knows no 64-bit integers. NaN and infinities become strings. */
function json(value: AttributeValue): string {
  switch (value.type) {
    case "array":
      return `[${value.value.map(json).join(",")}]`;
    case "map":
      return `{${value.value.map((entry) => `${JSON.stringify(entry.key)}:${json(entry.value)}`).join(",")}}`;
    case "int":
    case "bool":
      return String(value.value);
    case "double":
      return Number.isFinite(value.value) ? String(value.value) : JSON.stringify(String(value.value));
    case "empty":
      return "null";
    case "string":
    case "bytes":
      return JSON.stringify(attributeText(value));
  }
}
