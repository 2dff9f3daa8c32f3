import { styleText } from "node:util";
import { countsOf, type Finding } from "./finding.ts";

const colours = { ok: "green", warn: "yellow", fail: "red", skip: "gray" } as const;

/** A line for each finding, the remedy below it, and how many of each kind there are. */
export function findingsText(findings: readonly Finding[], colour: boolean): string {
  const width = Math.max(...findings.map(({ id }) => id.length));
  const lines = findings.flatMap(({ id, status, detail, remedy }) => {
    const word = status.padEnd(4);
    const shown = colour ? styleText(colours[status], word, { validateStream: false }) : word;
    const line = `  ${shown}  ${id.padEnd(width)}  ${detail}`;
    return remedy === undefined ? [line] : [line, `${" ".repeat(width + 10)}-> ${remedy}`];
  });
  const counts = Object.entries(countsOf(findings)).filter(([, count]) => count > 0);
  const summary = counts.map(([status, count]) => `${count} ${status}`).join(", ");
  return `${lines.join("\n")}\n\n${findings.length} checks: ${summary}\n`;
}
