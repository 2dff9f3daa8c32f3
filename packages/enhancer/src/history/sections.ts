import { type Block, tidy } from "./blocks.ts";
import { htmlBlocks } from "./html-blocks.ts";
import { markdownBlocks } from "./markdown-blocks.ts";
import { withoutControls } from "./plain-text.ts";

/** A piece of a document that a note can cite. */
export interface Section {
  /** Unique within the document; empty for what stands before the first heading. */
  anchor: string;
  /** Headings from the document's title down, joined by ` > `. */
  title: string;
  /** Plain text. */
  body: string;
}

/** A section longer than this is cut at a paragraph's end. */
const sectionLimit = 2_000;
const headingLimit = 200;

/** Cuts Markdown, HTML or plain text (told by the name) into sections by headings. `name` titles what has no heading. */
export function cutIntoSections(path: string, text: string, name: string): Section[] {
  const plainPath = path.replace(/\.gz$/i, "");
  const clean = withoutControls(text);
  if (/\.(?:md|markdown)$/i.test(plainPath)) return assemble(markdownBlocks(clean), name);
  if (/\.html?$/i.test(plainPath)) return assemble(htmlBlocks(clean), name);
  return assemble([{ text: clean }], name);
}

function assemble(blocks: readonly Block[], name: string): Section[] {
  const sections: Section[] = [];
  const taken = new Set<string>();
  const trail: { heading: string; level: number }[] = [];
  let anchor = "";
  let body: string[] = [];
  const close = () => {
    const text = tidy(body.join("\n\n"));
    body = [];
    const title = trail.length === 0 ? name : trail.map(({ heading }) => heading).join(" > ");
    if (text === "") return;
    for (const part of cutAtParagraphs(text)) {
      const unique = uniqueAnchor(anchor, taken);
      sections.push({ anchor: unique, title, body: part });
    }
  };
  for (const block of blocks) {
    if ("text" in block) {
      body.push(block.text);
      continue;
    }
    close();
    // A title stands for the first heading until there is one.
    const { heading, level } = "title" in block ? { heading: block.title, level: 1 } : block;
    while ((trail.at(-1)?.level ?? 0) >= level) trail.pop();
    trail.push({ heading: heading.slice(0, headingLimit), level });
    anchor = "title" in block ? "" : slug(heading);
  }
  close();
  return sections;
}

function cutAtParagraphs(text: string): string[] {
  const parts: string[] = [];
  let part = "";
  for (const paragraph of text.split("\n\n").flatMap(cutHard)) {
    if (part !== "" && part.length + paragraph.length + 2 > sectionLimit) {
      parts.push(part);
      part = "";
    }
    part = part === "" ? paragraph : `${part}\n\n${paragraph}`;
  }
  return part === "" ? parts : [...parts, part];
}

/** A paragraph that is too long by itself is cut between lines, or else between words. */
function cutHard(paragraph: string): string[] {
  const parts: string[] = [];
  let rest = paragraph;
  while (rest.length > sectionLimit) {
    const window = rest.slice(0, sectionLimit);
    const at = Math.max(window.lastIndexOf("\n"), window.lastIndexOf(" "));
    const end = at > sectionLimit / 2 ? at : sectionLimit;
    parts.push(rest.slice(0, end).trim());
    rest = rest.slice(end).trim();
  }
  return rest === "" ? parts : [...parts, rest];
}

function slug(heading: string): string {
  return (
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 80) || "section"
  );
}

function uniqueAnchor(anchor: string, taken: Set<string>): string {
  let unique = anchor;
  for (let number = 2; taken.has(unique); number++) unique = `${anchor === "" ? "part" : anchor}-${number}`;
  taken.add(unique);
  return unique;
}
