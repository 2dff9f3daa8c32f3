import type { TraceSummary } from "@throughline/api";
import type { SearchView } from "../api/parameters.ts";

export type SortBy = NonNullable<SearchView["sort"]>;

export const sorts: readonly { sort: SortBy | undefined; name: string }[] = [
  { sort: undefined, name: "Newest first" },
  { sort: "longest", name: "Longest first" },
  { sort: "shortest", name: "Shortest first" },
  { sort: "spans", name: "Most spans first" },
  { sort: "errors", name: "Most errors first" },
];

/** What was found in another order than the backend's, which has the newest first. */
export function sortTraces(
  traces: readonly TraceSummary[],
  sort: SortBy | undefined,
): readonly TraceSummary[] {
  switch (sort) {
    case undefined:
      return traces;
    case "longest":
      return traces.toSorted((a, b) => b.durationNs - a.durationNs);
    case "shortest":
      return traces.toSorted((a, b) => a.durationNs - b.durationNs);
    case "spans":
      return traces.toSorted((a, b) => b.spanCount - a.spanCount);
    case "errors":
      return traces.toSorted((a, b) => b.errorCount - a.errorCount);
  }
}
