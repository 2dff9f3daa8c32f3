import { createElement, type ReactNode, useMemo } from "react";

/** What notes are made of (`renderNoteHtml` of the enhancer); anything else is shown as its text. */
const elements = new Set(["p", "h4", "ul", "ol", "li", "b", "i", "small", "br"]);

/** A note's HTML, drawn anew from the few elements that notes have: nothing else of it comes into the page. */
export function NoteHtml({ html }: { html: string }) {
  const children = useMemo(() => {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    return Array.from(parsed.body.childNodes, (node, at) => drawn(node, at));
  }, [html]);
  return (
    <div className="written-note" dir="auto">
      {children}
    </div>
  );
}

function drawn(node: Node, key: number): ReactNode {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  const children = Array.from(node.childNodes, (child, at) => drawn(child, at));
  const name = node.tagName.toLowerCase();
  if (name === "a") {
    const address = node.getAttribute("href") ?? "";
    if (!/^https?:\/\//i.test(address)) return children;
    return (
      <a key={key} href={address} rel="noreferrer noopener" target="_blank">
        {children}
      </a>
    );
  }
  if (name === "br") return <br key={key} />;
  if (!elements.has(name)) return children;
  // The page has headings of its own above.
  return createElement(name === "h4" ? "h3" : name, { key }, ...children);
}
