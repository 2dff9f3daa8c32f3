import { type HTMLElement, type Node, NodeType, parse } from "node-html-parser";
import type { Block } from "./blocks.ts";

const skippedElements = new Set(["SCRIPT", "STYLE", "NAV", "NOSCRIPT", "TEMPLATE", "SVG"]);
const blockElements = /^(?:P|DIV|LI|TR|PRE|BLOCKQUOTE|TABLE|UL|OL|DL|DT|DD|SECTION|ARTICLE|BR|HR)$/;
/** Elements that close by themselves or never open. */
const loose =
  /^(?:area|base|br|col|colgroup|dd|dt|embed|hr|img|input|li|link|meta|option|p|source|tbody|td|tfoot|th|thead|tr|track|wbr)$/i;
/** The parser's time grows with the square of this. */
const depthLimit = 500;

/** Headings and text of an HTML document, in its order. Throws where elements are nested without sense. */
export function htmlBlocks(html: string): Block[] {
  const source = withoutComments(html);
  refuseDepth(source);
  const blocks: Block[] = [];
  let text = "";
  const flush = () => {
    if (text.trim() !== "") blocks.push({ text });
    text = "";
  };
  const pending: (Node | string)[] = [parse(source)];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (typeof node === "string") text += node;
    else if (node.nodeType === NodeType.TEXT_NODE) text += node.text;
    else if (node.nodeType === NodeType.ELEMENT_NODE) {
      const element = node as HTMLElement;
      const tag = element.tagName ?? "";
      if (skippedElements.has(tag)) continue;
      if (tag === "TITLE" || /^H[1-6]$/.test(tag)) {
        flush();
        const heading = element.text.replace(/\s+/g, " ").trim();
        if (heading === "") continue;
        blocks.push(tag === "TITLE" ? { title: heading } : { heading, level: Number(tag[1]) });
        continue;
      }
      const around = blockElements.test(tag) ? ["\n\n"] : [];
      pending.push(...around);
      for (const child of element.childNodes.toReversed()) pending.push(child);
      pending.push(...around);
    }
  }
  flush();
  return blocks;
}

/** A comment that does not end goes to the end of the document, as in the HTML standard. */
function withoutComments(html: string): string {
  const kept: string[] = [];
  let at = 0;
  for (let from = html.indexOf("<!--"); from !== -1; from = html.indexOf("<!--", at)) {
    kept.push(html.slice(at, from));
    const end = html.indexOf("-->", from + 4);
    if (end === -1) return kept.join("");
    at = end + 3;
  }
  return kept.join("") + html.slice(at);
}

function refuseDepth(html: string): void {
  let depth = 0;
  for (const [, slash, name = ""] of html.matchAll(/<(\/?)([a-z][\w-]*)/gi)) {
    if (loose.test(name)) continue;
    depth = Math.max(0, depth + (slash === "" ? 1 : -1));
    if (depth > depthLimit) throw new Error(`nests its elements more than ${depthLimit} deep`);
  }
}
