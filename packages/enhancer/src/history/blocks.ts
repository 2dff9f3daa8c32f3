/** A piece of a document as its format tells it; levels of headings are 1 to 6. */
export type Block = { title: string } | { heading: string; level: number } | { text: string };

/** Runs of blanks become one, paragraphs are one empty line apart. */
export function tidy(text: string): string {
  return text
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n ?/g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
