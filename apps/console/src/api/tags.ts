/** A condition on a span's attributes. */
export interface Tag {
  key: string;
  value: string;
}

const pair = /([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|(\S*))/y;

/**
 * Reads tags as people write them (logfmt: `ticket.id=T-1 error.message="403 Forbidden"`) or as links to Jaeger hold
 * them (a JSON object of strings). What is neither comes back as `wrong`, for the form to name.
 */
export function parseTags(text: string): { tags: Tag[]; wrong: string | undefined } {
  if (text.trimStart().startsWith("{")) return parseJsonTags(text);
  const tags: Tag[] = [];
  for (let at = skipBlanks(text, 0); at < text.length; at = skipBlanks(text, pair.lastIndex)) {
    pair.lastIndex = at;
    const [, key, quoted, bare] = pair.exec(text) ?? [];
    if (key === undefined) return { tags, wrong: /\S+/.exec(text.slice(at))?.[0] ?? text };
    tags.push({ key, value: quoted === undefined ? (bare ?? "") : quoted.replace(/\\(.)/gs, "$1") });
  }
  return { tags, wrong: undefined };
}

function parseJsonTags(text: string): ReturnType<typeof parseTags> {
  try {
    const parsed: unknown = JSON.parse(text);
    const entries = Object.entries(parsed ?? {}) as [string, unknown][];
    return { tags: entries.map(([key, value]) => ({ key, value: String(value) })), wrong: undefined };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { tags: [], wrong: text };
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at]?.trim() === "") at++;
  return at;
}

/** One pair as `parseTags` reads it. */
export function formatTag({ key, value }: Tag): string {
  return value === "" || /[\s"\\]/.test(value)
    ? `${key}="${value.replace(/["\\]/g, "\\$&")}"`
    : `${key}=${value}`;
}
