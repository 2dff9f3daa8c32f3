import { tidy } from "./blocks.ts";
import { parse } from "node-html-parser";
import { htmlBlocks } from "./html-blocks.ts";

/** Elements that desks write; `<host>` or `a < b` in a technician's words is none of them. */
const deskHtml =
  /<\/?(?:a|b|blockquote|body|br|div|em|font|h[1-6]|html|i|li|ol|p|pre|span|strong|table|tbody|td|tr|u|ul)(?:\s[^<>]*)?\/?>/i;

/** What a field says, as plain text: desks export HTML, which would be searched and quoted with its tags. */
export function plainText(field: string): string {
  return withoutControls(deskHtml.test(field) ? textOfHtml(field) : unescaped(field)).trim();
}

/** `Mail &amp; calendar` of a field that is HTML without elements; its lines and its `<host>` stay. */
function unescaped(field: string): string {
  return /&(?:#\w{1,7}|[a-zA-Z]{2,8});/.test(field) ? parse(field.replaceAll("<", "&lt;")).text : field;
}

function textOfHtml(html: string): string {
  const pieces = htmlBlocks(html).map((block) =>
    "text" in block ? block.text : "heading" in block ? block.heading : block.title,
  );
  return tidy(pieces.join("\n\n"));
}

/** Control characters mark what a search matched, and lone surrogates cannot be stored: neither belongs into text. */
export function withoutControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what is taken out
  return text.toWellFormed().replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/g, " ");
}
