import { marked, type Token, type Tokens } from "marked";
import { TextNode } from "node-html-parser";
import { htmlBlocks } from "./html-blocks.ts";
import type { Block } from "./blocks.ts";

/** The lexer's time grows with the square of a paragraph's length and of the nesting: both are bounded beforehand. */
const paragraphLimit = 4_000;
const indentLimit = 40;
const quotesLimit = 20;
const frontMatter = /^---[^\S\n]*\n([\s\S]*?)\n(?:---|\.\.\.)[^\S\n]*(?:\n|$)/;

/** Headings and text of a Markdown document, in its order. Front matter is left out, but for its title. */
export function markdownBlocks(markdown: string): Block[] {
  const text = markdown.replaceAll("\r\n", "\n");
  const [front = "", fields = ""] = frontMatter.exec(text) ?? [];
  const title = /^title:[^\S\n]*(["']?)(.+?)\1[^\S\n]*$/m.exec(fields)?.[2];
  const blocks = marked.lexer(bounded(text.slice(front.length))).flatMap(toBlocks);
  return title === undefined ? blocks : [{ title }, ...blocks];
}

function bounded(text: string): string {
  return text
    .replace(new RegExp(`^[ \\t]{${indentLimit},}`, "gm"), " ".repeat(indentLimit))
    .replace(new RegExp(`^(?:[ \\t]{0,3}>){${quotesLimit},}`, "gm"), ">".repeat(quotesLimit))
    .split("\n\n")
    .map((part) => (part.length <= paragraphLimit ? part : cut(part)))
    .join("\n\n");
}

function cut(text: string): string {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > paragraphLimit) {
    const at = rest.lastIndexOf("\n", paragraphLimit);
    const end = at > 0 ? at : paragraphLimit;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  return [...parts, rest].join("\n\n");
}

function toBlocks(token: Token): Block[] {
  if (token.type === "heading")
    return [{ heading: inlineText(token).replace(/\s+/g, " "), level: (token as Tokens.Heading).depth }];
  if (token.type === "html") return htmlBlocks(token.raw);
  return [{ text: blockText(token) }];
}

/** What a reader sees of a Markdown block: the markup's signs are left out, code stays as it is. */
function blockText(token: Token): string {
  if (token.type === "code") return (token as Tokens.Code).text;
  if (token.type === "space" || token.type === "hr" || token.type === "def") return "";
  if (token.type === "list")
    return (token as Tokens.List).items.map((item) => `- ${inlineText(item)}`).join("\n");
  if (token.type === "table") {
    const { header, rows } = token as Tokens.Table;
    return [header, ...rows].map((cells) => cells.map((cell) => inlineText(cell)).join(" | ")).join("\n");
  }
  return inlineText(token);
}

function inlineText(token: { type?: string; tokens?: Token[]; text?: string; raw?: string }): string {
  if (token.type === "html") return "";
  if (token.tokens !== undefined && token.tokens.length > 0)
    return token.tokens.map((inner) => inlineText(inner as Tokens.Generic)).join("");
  const text = token.text ?? token.raw ?? "";
  return token.type === "text" ? new TextNode(text).text : text;
}
