/** What stands on one side of a comparison, as the URL holds it: ids of traces, or the parameters of a search. */
export type Side = { kind: "traces"; ids: string[] } | { kind: "search"; parameters: URLSearchParams };

const traceId = /^[0-9a-f]{1,32}$/i;

/** Ids with commas or blanks between them, the address of a trace's or the search's page, or a search's parameters alone. */
export function parseSide(text: string): Side | undefined {
  const wanted = text.trim();
  if (wanted === "") return undefined;
  const [, inAddress] = /\/trace\/([0-9a-f]{1,32})(?:[/?#]|$)/i.exec(wanted) ?? [];
  if (inAddress !== undefined) return { kind: "traces", ids: [inAddress] };
  const ids = wanted.split(/[\s,]+/);
  if (ids.every((id) => traceId.test(id))) return { kind: "traces", ids };
  const parameters = new URLSearchParams(
    wanted.includes("?") ? wanted.slice(wanted.indexOf("?") + 1) : wanted,
  );
  return [...parameters.keys()].every((key) => /^\w+$/.test(key)) && wanted.includes("=")
    ? { kind: "search", parameters }
    : undefined;
}

/** Of `GET /api/throughline/structure`. */
export function structureQuery(
  side: Side,
  searchQueryOf: (parameters: URLSearchParams) => URLSearchParams,
): URLSearchParams {
  if (side.kind === "traces") return new URLSearchParams(side.ids.map((id) => ["trace", id]));
  return searchQueryOf(side.parameters);
}
