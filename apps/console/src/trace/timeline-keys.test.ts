import { expect, test } from "vitest";
import { treeOf, visibleRows } from "./rows.ts";
import { spanOf } from "./span-of.test-data.ts";
import { rowKey } from "./timeline-keys.ts";

const tree = treeOf(
  [
    ["root", 0],
    ["a", 1],
    ["a1", 2],
    ["b", 1],
  ].map(([spanId, depth]) => spanOf({ spanId: String(spanId), depth: Number(depth) })),
);

function press(key: string, active: string, folded: string[] = []) {
  const collapsed = new Set(folded);
  const rows = visibleRows(tree, collapsed);
  const at = rows.findIndex(({ span }) => span.spanId === active);
  const action = rowKey(key, { rows, at, collapsed, page: 2 });
  return action && `${action.kind} ${action.spanId}`;
}

test("up and down walk the rows and stop at the ends", () => {
  expect(press("ArrowDown", "root")).toBe("move a");
  expect(press("ArrowDown", "b")).toBe("move b");
  expect(press("ArrowUp", "root")).toBe("move root");
  expect(press("ArrowDown", "a", ["a"])).toBe("move b");
});

test("page keys, Home and End go further", () => {
  expect(press("PageDown", "root")).toBe("move a1");
  expect(press("PageUp", "b")).toBe("move a");
  expect(press("Home", "b")).toBe("move root");
  expect(press("End", "root")).toBe("move b");
});

test("right unfolds, then goes in; left folds, then goes out", () => {
  expect(press("ArrowRight", "a", ["a"])).toBe("toggle a");
  expect(press("ArrowRight", "a")).toBe("move a1");
  expect(press("ArrowRight", "a1")).toBeUndefined();
  expect(press("ArrowLeft", "a")).toBe("toggle a");
  expect(press("ArrowLeft", "a", ["a"])).toBe("move root");
  expect(press("ArrowLeft", "a1")).toBe("move a");
  expect(press("ArrowLeft", "root", ["root"])).toBeUndefined();
});

test("Enter opens, blank folds, other keys are left alone", () => {
  expect(press("Enter", "a1")).toBe("open a1");
  expect(press(" ", "a")).toBe("toggle a");
  expect(press(" ", "b")).toBeUndefined();
  expect(press("x", "a")).toBeUndefined();
});

test("without an active row the first key enters at the top", () => {
  expect(press("ArrowDown", "none")).toBe("move root");
  expect(press("Enter", "none")).toBeUndefined();
});
