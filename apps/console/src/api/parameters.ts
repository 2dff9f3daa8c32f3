import type { TracesSearch } from "./views.ts";

/** `key=value` pairs, values quoted where they hold blanks: `ticket.id=T-1 error.message="403 Forbidden"`. */
export function parseTags(text: string): { key: string; value: string }[] {
  const tags: { key: string; value: string }[] = [];
  for (const [, key, quoted, bare] of text.matchAll(/([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g)) {
    tags.push({
      key: key ?? "",
      value: quoted === undefined ? (bare ?? "") : quoted.replace(/\\(.)/g, "$1"),
    });
  }
  return tags;
}

/** One pair as `parseTags` reads it. */
export function formatTag(key: string, value: string): string {
  return /[\s"\\]/.test(value) || value === ""
    ? `${key}="${value.replace(/["\\]/g, "\\$&")}"`
    : `${key}=${value}`;
}

const lookbackMs: Record<string, number> = {
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "24h": 86_400_000,
  "72h": 259_200_000,
};
export const lookbacks = Object.keys(lookbackMs);

/** The page's view as the API's query. */
export function toQuery(view: TracesSearch, now: number): URLSearchParams {
  const query = new URLSearchParams();
  for (const key of ["service", "operation", "minDuration", "maxDuration", "status"] as const) {
    const value = view[key];
    if (value !== undefined && value !== "") query.set(key, value);
  }
  for (const { key, value } of parseTags(view.tags ?? "")) query.append("tag", `${key}=${value}`);
  const span = lookbackMs[view.lookback ?? "72h"];
  if (span !== undefined) query.set("start", new Date(now - span).toISOString());
  query.set("limit", String(view.limit ?? 50));
  return query;
}
