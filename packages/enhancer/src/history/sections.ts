import { marked, type Token, type Tokens } from "marked";
import { type HTMLElement, type Node, NodeType, parse } from "node-html-parser";

/** A piece of a document that a note can cite. */
export interface Section {
  /** Unique within the document; empty for what stands before the first heading. */
  anchor: string;
  /** Headings from the document's title down, joined by ` > `. */
  title: string;
  /** Plain text. */
  body: string;
}

type Block = { heading: string; level: number } | { text: string };

/** A section longer than this is cut at a paragraph's end. */
const sectionLimit = 2_000;
const skippedElements = new Set(["SCRIPT", "STYLE", "NAV", "NOSCRIPT", "TEMPLATE", "SVG"]);
const blockElements = /^(?:P|DIV|LI|TR|PRE|BLOCKQUOTE|TABLE|UL|OL|DL|DT|DD|SECTION|ARTICLE|BR|HR)$/;

/** Cuts Markdown, HTML or plain text (told by the name) into sections by headings. `name` titles what has no heading. */
export function cutIntoSections(path: string, text: string, name: string): Section[] {
  const plainPath = path.replace(/\.gz$/i, "");
  if (/\.(?:md|markdown)$/i.test(plainPath)) return assemble(markdownBlocks(text), name);
  if (/\.html?$/i.test(plainPath)) return assemble(htmlBlocks(text), name);
  return assemble([{ text }], name);
}

function markdownBlocks(text: string): Block[] {
  return marked
    .lexer(text)
    .map((token) =>
      token.type === "heading"
        ? { heading: inlineText(token), level: (token as Tokens.Heading).depth }
        : { text: blockText(token) },
    );
}

/** What a reader sees of a Markdown block: the markup's signs are left out, code stays as it is. */
function blockText(token: Token): string {
  if (token.type === "code") return (token as Tokens.Code).text;
  if (token.type === "space" || token.type === "hr" || token.type === "html") return "";
  if (token.type === "list")
    return (token as Tokens.List).items.map((item) => `- ${inlineText(item)}`).join("\n");
  if (token.type === "table") {
    const { header, rows } = token as Tokens.Table;
    return [header, ...rows].map((cells) => cells.map((cell) => inlineText(cell)).join(" | ")).join("\n");
  }
  return inlineText(token);
}

function inlineText(token: { tokens?: Token[]; text?: string; raw?: string }): string {
  if (token.tokens !== undefined && token.tokens.length > 0)
    return token.tokens.map((inner) => inlineText(inner as Tokens.Generic)).join("");
  return token.text ?? token.raw ?? "";
}

/** Iterative, in document order: a document may be nested without end. */
function htmlBlocks(html: string): Block[] {
  const blocks: Block[] = [];
  let text = "";
  const flush = () => {
    if (text.trim() !== "") blocks.push({ text });
    text = "";
  };
  const pending: (Node | string)[] = [parse(html, { comment: false })];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node === "string") text += node;
    else if (node.nodeType === NodeType.TEXT_NODE) text += node.text;
    else if (node.nodeType === NodeType.ELEMENT_NODE) {
      const element = node as HTMLElement;
      const tag = element.tagName ?? "";
      if (skippedElements.has(tag) || tag === "HEAD") continue;
      if (/^H[1-6]$/.test(tag)) {
        flush();
        blocks.push({ heading: element.text.replace(/\s+/g, " ").trim(), level: Number(tag[1]) });
        continue;
      }
      const around = blockElements.test(tag) ? ["\n\n"] : [];
      pending.push(...around, ...element.childNodes.toReversed(), ...around);
    }
  }
  flush();
  return blocks;
}

function assemble(blocks: readonly Block[], name: string): Section[] {
  const sections: Section[] = [];
  const taken = new Set<string>();
  const trail: { heading: string; level: number }[] = [];
  let anchor = "";
  let body: string[] = [];
  const close = () => {
    const text = body
      .join("\n\n")
      .replace(/[^\S\n]+/g, " ")
      .replace(/ ?\n ?/g, "\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim();
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
    while ((trail.at(-1)?.level ?? 0) >= block.level) trail.pop();
    trail.push(block);
    anchor = slug(block.heading);
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
