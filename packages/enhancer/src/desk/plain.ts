import { plainText, withoutControls } from "../history/plain-text.ts";

/** More of a ticket is not read: what comes after is seldom the problem. */
const descriptionLimit = 20_000;
const htmlLimit = 200_000;
const lineLimit = 1_000;
/** Pictures inside of a text, which would leave no room for what stands behind them. */
const embedded = /\bdata:[\w.+-]{1,80}\/[\w.+-]{1,80};base64,[A-Za-z0-9+/=\s]*/g;

/** A field of a desk as text: HTML that is hostile (nested without end) loses its tags all the same. */
export function textOfField(html: string | null | undefined): string {
  const cut = (html ?? "").replace(embedded, "").slice(0, htmlLimit);
  let text: string;
  try {
    text = plainText(cut);
  } catch {
    text = plainText(cut.replace(/<[^<>]{0,2000}>/g, " "));
  }
  return text.slice(0, descriptionLimit).trim();
}

/** A field that the desk says is plain text: `<b>` in it is what somebody wrote. */
export function plainOfField(text: string | null | undefined): string {
  return withoutControls((text ?? "").slice(0, descriptionLimit)).trim();
}

/** A subject or name: one line. */
export function lineOfField(value: string | null | undefined): string {
  return textOfField((value ?? "").slice(0, lineLimit * 4))
    .replace(/\s+/g, " ")
    .slice(0, lineLimit);
}
