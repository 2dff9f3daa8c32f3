import type { TicketWebhook } from "@throughline/api";

type Priority = TicketWebhook["priority"];

const words: Readonly<Record<Priority, readonly string[]>> = {
  critical: ["critical", "urgent", "highest", "blocker", "emergency", "major", "very high", "p1"],
  high: ["high", "p2"],
  medium: ["medium", "normal", "moderate", "p3"],
  low: ["low", "lowest", "minor", "trivial", "very low", "p4", "p5"],
};
const byWord = new Map(
  Object.entries(words).flatMap(([priority, names]) => names.map((name) => [name, priority as Priority])),
);

/** A desk's word for a priority, in letters of any case, also behind a number (`2 normal`, `1 - Critical`); medium for any other. */
export function priorityOf(said: string): Priority {
  const word = said.trim().toLowerCase();
  return byWord.get(word) ?? byWord.get(word.replace(/^\d+\s*[-.:]?\s*/, "")) ?? "medium";
}
