import { withoutControls } from "./plain-text.ts";

const labelLimit = 100;
const labelsAtMost = 50;
const block = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|$)/;

/**
 * Takes the front matter off a Markdown document: `version`, `permission` and `labels` become labels such as `version:2.1`,
 * `permission:staff` and `howto`; each may be one value, `[a, b]`, or a list of `- ` lines. Other keys are passed over.
 */
export function takeFrontMatter(text: string): { labels: string[]; body: string } {
  const found = block.exec(text);
  if (found === null) return { labels: [], body: text };
  const labels: string[] = [];
  let key = "";
  for (const line of (found[1] ?? "").split(/\r?\n/)) {
    const [, name, rest = ""] = /^([A-Za-z_-]+)[ \t]*:[ \t]*(.*)$/.exec(line) ?? [];
    const [, item] = /^[ \t]*-[ \t]+(.*)$/.exec(line) ?? [];
    if (name !== undefined) key = name.toLowerCase();
    for (const value of item === undefined ? valuesOf(rest) : [unquoted(item)])
      labels.push(...labelOf(key, value));
  }
  return { labels: normalLabels(labels), body: text.slice(found[0].length) };
}

/** Lower case, sorted, each once. */
export function normalLabels(labels: readonly string[]): string[] {
  const clean = labels.map((label) =>
    withoutControls(label)
      .trim()
      .toLowerCase()
      .replace(/\s*:\s*/, ":")
      .slice(0, labelLimit),
  );
  return [...new Set(clean.filter((label) => label !== ""))].sort().slice(0, labelsAtMost);
}

function labelOf(key: string, value: string): string[] {
  if (value === "") return [];
  if (key === "version" || key === "versions") return [`version:${value}`];
  if (key === "permission" || key === "permissions" || key === "audience") return [`permission:${value}`];
  return key === "labels" || key === "label" || key === "tags" ? [value] : [];
}

function valuesOf(text: string): string[] {
  const [, list] = /^\[(.*)\][ \t]*$/.exec(text) ?? [];
  return list === undefined ? [unquoted(text)] : list.split(",").map(unquoted);
}

function unquoted(text: string): string {
  const [, , inner] = /^[ \t]*(["'])(.*)\1[ \t]*$/.exec(text) ?? [];
  return inner ?? text.replace(/[ \t]#.*$/, "").trim();
}
