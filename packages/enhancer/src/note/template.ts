/** What a template may place, in `{{...}}`. Label and footer stand around it whatever it says. */
const places = [
  "writer",
  "similar_tickets",
  "relevant_documentation",
  "system_information",
  "recommended_next_steps",
  "sources",
  "missing",
] as const;
type Place = (typeof places)[number];

const elements = new Set(["p", "h4", "ul", "ol", "li", "b", "i", "small", "br"]);
const tag = /<\s*(\/?)\s*([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>/g;

/** Claims without their sources are no note, and one that lacks something says so: these come at the end where they have no place. */
const needed: readonly Place[] = ["writer", "sources", "missing"];

/**
 * A tenant's template with the parts of a note in their places. Its own HTML is cut to the elements that notes have, without
 * attributes; a section that it does not name is left out.
 */
export function fillTemplate(template: string, parts: Readonly<Record<Place, string>>): string {
  const placed = new Set<Place>();
  const filled = sanitised(template).replace(/\{\{\s*([a-z_]+)\s*\}\}/g, (_found, name: string) => {
    if (!isPlace(name)) return "";
    placed.add(name);
    return parts[name];
  });
  const rest = needed.filter((place) => !placed.has(place)).map((place) => parts[place]);
  return [filled, ...rest].filter((part) => part !== "").join("\n");
}

function sanitised(html: string): string {
  let out = "";
  let at = 0;
  for (const found of html.matchAll(tag)) {
    out += text(html.slice(at, found.index));
    const [, slash = "", name = ""] = found;
    const element = name.toLowerCase();
    if (elements.has(element)) out += `<${slash}${element}>`;
    at = found.index + found[0].length;
  }
  return out + text(html.slice(at));
}

/** Entities that the template already has stay. */
function text(part: string): string {
  return part
    .replace(/&(?!(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,31});)/g, "&#38;")
    .replace(/</g, "&#60;")
    .replace(/>/g, "&#62;");
}

function isPlace(name: string): name is Place {
  return places.some((place) => place === name);
}
