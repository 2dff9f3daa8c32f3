import type { Row } from "./rows.ts";

export interface RowAction {
  kind: "move" | "open" | "toggle";
  spanId: string;
}

export interface RowsAtHand {
  rows: readonly Row[];
  /** Index of the active row, -1 for none. */
  at: number;
  collapsed: ReadonlySet<string>;
  /** Rows that a page key moves by. */
  page: number;
}

/** What a key does in the tree of spans, after the ARIA practices' tree view; undefined where it does nothing. */
export function rowKey(key: string, { rows, at, collapsed, page }: RowsAtHand): RowAction | undefined {
  const row = rows[at];
  const to = (index: number): RowAction | undefined => {
    const target = rows[Math.min(Math.max(index, 0), rows.length - 1)];
    return target === undefined ? undefined : { kind: "move", spanId: target.span.spanId };
  };
  switch (key) {
    case "ArrowDown":
      return to(at + 1);
    case "ArrowUp":
      return to(at - 1);
    case "PageDown":
      return to(at + page);
    case "PageUp":
      return to(at - page);
    case "Home":
      return to(0);
    case "End":
      return to(rows.length - 1);
    case "ArrowRight":
      if (row === undefined || row.descendants === 0) return undefined;
      return collapsed.has(row.span.spanId) ? { kind: "toggle", spanId: row.span.spanId } : to(at + 1);
    case "ArrowLeft":
      if (row === undefined) return undefined;
      return row.descendants > 0 && !collapsed.has(row.span.spanId)
        ? { kind: "toggle", spanId: row.span.spanId }
        : toParent(rows, at, to);
    case "Enter":
      return row && { kind: "open", spanId: row.span.spanId };
    case " ":
      return row && row.descendants > 0 ? { kind: "toggle", spanId: row.span.spanId } : undefined;
    default:
      return undefined;
  }
}

function toParent(
  rows: readonly Row[],
  at: number,
  to: (index: number) => RowAction | undefined,
): RowAction | undefined {
  const depth = rows[at]?.span.depth ?? 0;
  const parent = rows.findLastIndex((row, index) => index < at && row.span.depth < depth);
  return parent < 0 ? undefined : to(parent);
}
