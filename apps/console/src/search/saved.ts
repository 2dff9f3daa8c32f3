import { z } from "zod";
import { searchView, type SearchView } from "../api/parameters.ts";

const key = "throughline.searches";
const savedSearch = z.object({ name: z.string().min(1), view: searchView });
export type SavedSearch = z.infer<typeof savedSearch>;

/** Searches that are kept in this browser, the newest first. What cannot be read any more is left out. */
export function savedSearches(storage: Pick<Storage, "getItem">): SavedSearch[] {
  const text = storage.getItem(key);
  if (text === null) return [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return [];
    return parsed.flatMap((one) => savedSearch.safeParse(one).data ?? []);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return [];
  }
}

/** A name stands for one search: the newest of it. */
export function saveSearch(
  storage: Pick<Storage, "getItem" | "setItem">,
  name: string,
  view: SearchView,
): SavedSearch[] {
  return write(storage, [{ name, view }, ...savedSearches(storage).filter((one) => one.name !== name)]);
}

export function forgetSearch(storage: Pick<Storage, "getItem" | "setItem">, name: string): SavedSearch[] {
  return write(
    storage,
    savedSearches(storage).filter((one) => one.name !== name),
  );
}

function write(storage: Pick<Storage, "setItem">, searches: SavedSearch[]): SavedSearch[] {
  storage.setItem(key, JSON.stringify(searches));
  return searches;
}
