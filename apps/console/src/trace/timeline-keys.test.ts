import { expect, test } from "vitest";
import { nothingFolded, rowOf, turned, visibleRows } from "./rows.ts";
import { rowKey } from "./timeline-keys.ts";
import { traceOf } from "./trace.test-data.ts";

/** 0: root, 1: a, 2: a1, 3: b */
const trace = traceOf([{}, { parent: 0 }, { parent: 1 }, { parent: 0 }]);

function press(key: string, active: number, folded?: number) {
  const folds = folded === undefined ? nothingFolded : turned(nothingFolded, trace.spanId(folded));
  const rows = visibleRows(trace, folds);
  const action = rowKey(key, { trace, rows, row: rowOf(rows, active), folds, page: 2 });
  return action && `${action.kind} ${action.at}`;
}

test("up and down walk the rows and stop at the ends", () => {
  expect(press("ArrowDown", 0)).toBe("move 1");
  expect(press("ArrowDown", 3)).toBe("move 3");
  expect(press("ArrowUp", 0)).toBe("move 0");
  expect(press("ArrowDown", 1, 1)).toBe("move 3");
});

test("page keys, Home and End go further", () => {
  expect(press("PageDown", 0)).toBe("move 2");
  expect(press("PageUp", 3)).toBe("move 1");
  expect(press("Home", 3)).toBe("move 0");
  expect(press("End", 0)).toBe("move 3");
});

test("right unfolds, then goes in; left folds, then goes out", () => {
  expect(press("ArrowRight", 1, 1)).toBe("turn 1");
  expect(press("ArrowRight", 1)).toBe("move 2");
  expect(press("ArrowRight", 2)).toBeUndefined();
  expect(press("ArrowLeft", 1)).toBe("turn 1");
  expect(press("ArrowLeft", 1, 1)).toBe("move 0");
  expect(press("ArrowLeft", 2)).toBe("move 1");
  expect(press("ArrowLeft", 0, 0)).toBeUndefined();
});

test("Enter opens, blank folds, other keys are left alone", () => {
  expect(press("Enter", 2)).toBe("open 2");
  expect(press(" ", 1)).toBe("turn 1");
  expect(press(" ", 3)).toBeUndefined();
  expect(press("x", 1)).toBeUndefined();
});

test("without an active row the first key enters at the top", () => {
  expect(press("ArrowDown", -1)).toBe("move 0");
  expect(press("Enter", -1)).toBeUndefined();
});
