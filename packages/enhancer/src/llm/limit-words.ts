import type { Note } from "../ticket.ts";

/** A note that is longer is not read. */
export const wordLimit = 500;

/**
 * The note cut to so many words: the first item of each section is kept before the second of any, and so on, so that
 * a long first section never costs the next steps. Order stays; an item is kept whole or left out.
 */
export function limitWords(sections: Note["sections"], limit: number): Note["sections"] {
  const kept = new Set<Note["sections"][number]["items"][number]>();
  const longest = Math.max(0, ...sections.map(({ items }) => items.length));
  let words = 0;
  for (let at = 0; at < longest; at++) {
    for (const { items } of sections) {
      const item = items[at];
      if (item === undefined) continue;
      const more = countWords(item.text);
      if (words + more > limit) continue;
      words += more;
      kept.add(item);
    }
  }
  return sections.map(({ title, items }) => ({ title, items: items.filter((item) => kept.has(item)) }));
}

/** Words between spaces; scripts that write without spaces count by length. */
export function countWords(text: string): number {
  return text
    .split(/\s+/)
    .filter((word) => word !== "")
    .reduce((sum, word) => sum + Math.ceil(word.length / 60), 0);
}
