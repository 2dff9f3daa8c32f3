import { isFolded, type Folds } from "./rows.ts";
import type { TraceData } from "./trace-data.ts";

export interface RowAction {
  kind: "move" | "open" | "turn";
  at: number;
}

export interface RowsAtHand {
  trace: TraceData;
  rows: Int32Array;
  /** Line of the active span, -1 for none. */
  row: number;
  folds: Folds;
  /** Lines that a page key moves by. */
  page: number;
}

/** What a key does among the rows, after the ARIA practices' tree grid; undefined where it does nothing. */
export function rowKey(key: string, { trace, rows, row, folds, page }: RowsAtHand): RowAction | undefined {
  const at = rows[row];
  const to = (line: number): RowAction | undefined => {
    const target = rows[Math.min(Math.max(line, 0), rows.length - 1)];
    return target === undefined ? undefined : { kind: "move", at: target };
  };
  switch (key) {
    case "ArrowDown":
      return to(row + 1);
    case "ArrowUp":
      return to(row - 1);
    case "PageDown":
      return to(row + page);
    case "PageUp":
      return to(row - page);
    case "Home":
      return to(0);
    case "End":
      return to(rows.length - 1);
    case "ArrowRight":
      if (at === undefined || trace.descendants(at) === 0) return undefined;
      return isFolded(trace, folds, at) ? { kind: "turn", at } : to(row + 1);
    case "ArrowLeft": {
      if (at === undefined) return undefined;
      if (trace.descendants(at) > 0 && !isFolded(trace, folds, at)) return { kind: "turn", at };
      const parent = trace.parent(at);
      return parent < (rows[0] ?? 0) ? undefined : { kind: "move", at: parent };
    }
    case "Enter":
      return at === undefined ? undefined : { kind: "open", at };
    case " ":
      return at !== undefined && trace.descendants(at) > 0 ? { kind: "turn", at } : undefined;
    default:
      return undefined;
  }
}
