import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { contractAttributes, contractSpans, modelSpan } from "./trace-contract.ts";

const text = readFileSync(new URL("../../../docs/trace-contract.md", import.meta.url), "utf8");
const codes = (cell = "") => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");

function rowsOf(heading: string): string[][] {
  const section = text.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) => line.split("|").slice(1, -1));
}

test("docs/trace-contract.md lists the spans of the contract, row by row", () => {
  const documented = rowsOf("Spans").map(([name, kind = "", parent, attributes]) => ({
    name: codes(name)[0],
    kind: kind.trim(),
    parent: codes(parent)[0],
    attributes: codes(attributes),
  }));
  expect(contractSpans).toEqual(documented);
});

test("and what stands on every span", () => {
  expect(contractAttributes).toEqual(rowsOf("On every span").map(([name]) => codes(name)[0]));
});

test("and what the span of a model carries", () => {
  const documented = codes(text);
  for (const attribute of modelSpan.attributes) expect(documented).toContain(attribute);
});
