import { attributeMarker } from "./block/block-markers.ts";
import type { Block } from "./block/block.ts";

/** Ids of the traces of which a span has this attribute, wherever it stands. */
export function tracesWith(block: Block, key: string, text: string): Set<string> {
  const found = new Set<string>();
  const marker = attributeMarker(block, key, undefined, { is: "=", text });
  if (marker === undefined) return found;
  block.directory.pages.forEach(({ rows }, number) => {
    if (!marker.mayMatch(number)) return;
    const marks = new Uint8Array(rows);
    marker.mark(number, marks);
    const page = block.page(number);
    for (let row = 0; row < rows; row++) if (marks[row] === 1) found.add(block.traceId(page.traceOf(row)));
  });
  return found;
}
