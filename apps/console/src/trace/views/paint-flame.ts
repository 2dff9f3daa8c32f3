import type { Theme } from "../../ui/theme.tsx";
import { type ColourKey, ink } from "../colours.ts";
import type { TextFitter } from "../paint-text.ts";
import type { TraceData } from "../trace-data.ts";
import type { CallTree } from "../worker/call-tree.ts";

export const flameLevel = 20;
const leastWidth = 0.5;
const font = "12px system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";

export interface FlameScene {
  trace: TraceData;
  tree: CallTree;
  /** The node that takes the whole width; -1: all roots. */
  root: number;
  colours: ColourKey;
  theme: Theme;
  width: number;
  height: number;
  scrollTop: number;
  active: number;
  hovered: number;
  texts: TextFitter;
}

interface Frame {
  left: number;
  width: number;
  depth: number;
}

/** What of the tree is shown. */
export function within(tree: CallTree, root = -1): Frame {
  if (root >= 0)
    return { left: tree.lefts[root] ?? 0, width: tree.widths[root] ?? 0, depth: tree.depths[root] ?? 0 };
  let width = 0;
  for (let node = 0; node < tree.parents.length; node++)
    if (tree.parents[node] === -1) width += tree.widths[node] ?? 0;
  return { left: 0, width, depth: 0 };
}

/** Levels that are shown: of a node and those below it. */
export function flameHeight(tree: CallTree, root: number): number {
  const { left, width, depth } = within(tree, root);
  let deepest = depth;
  for (let node = 0; node < tree.parents.length; node++) {
    const from = tree.lefts[node] ?? 0;
    if (from < left || from > left + width) continue;
    deepest = Math.max(deepest, tree.depths[node] ?? 0);
  }
  return deepest - depth + 1;
}

export function paintFlame(pen: CanvasRenderingContext2D, scene: FlameScene): void {
  const { trace, tree, colours, theme, active, hovered, texts } = scene;
  const colour = ink[theme];
  pen.fillStyle = colour.ground;
  pen.fillRect(0, 0, scene.width, scene.height);
  pen.font = font;
  pen.textBaseline = "middle";
  forEachShown(scene, (node, { left, width }, top) => {
    pen.fillStyle = colours.colourOf(tree.longestAt[node] ?? 0, theme);
    pen.globalAlpha = node === hovered ? 0.75 : 0.42;
    pen.fillRect(left, top, Math.max(width - 1, leastWidth), flameLevel - 1);
    pen.globalAlpha = 1;
    if ((tree.errors[node] ?? 0) > 0) {
      pen.fillStyle = colour.error;
      pen.fillRect(left, top + flameLevel - 4, Math.max(width - 1, leastWidth), 3);
    }
    if (node === active) {
      pen.strokeStyle = colour.link;
      pen.lineWidth = 2;
      pen.strokeRect(left + 1, top + 1, Math.max(width - 3, 1), flameLevel - 3);
    }
    if (width < 24) return;
    pen.fillStyle = colour.text;
    const name = trace.head.names[tree.names[node] ?? 0] ?? "";
    pen.fillText(texts.fit(pen, name, width - 10).text, left + 5, top + flameLevel / 2);
  });
}

/** The node at a place of the canvas; -1 where there is none. */
export function nodeAt(scene: FlameScene, x: number, y: number): number {
  let found = -1;
  forEachShown(scene, (node, { left, width }, top) => {
    if (x >= left && x < left + width && y >= top && y < top + flameLevel) found = node;
  });
  return found;
}

function forEachShown(
  { tree, root, width, height, scrollTop }: FlameScene,
  visit: (node: number, at: { left: number; width: number }, top: number) => void,
): void {
  const frame = within(tree, root);
  const scale = width / Math.max(frame.width, Number.MIN_VALUE);
  const first = frame.depth + Math.floor(scrollTop / flameLevel);
  const last = frame.depth + Math.ceil((scrollTop + height) / flameLevel);
  for (let node = Math.max(root, 0); node < tree.parents.length; node++) {
    const depth = tree.depths[node] ?? 0;
    if (depth < first || depth > last) continue;
    const left = ((tree.lefts[node] ?? 0) - frame.left) * scale;
    const wide = (tree.widths[node] ?? 0) * scale;
    if (wide < leastWidth || left + wide < 0 || left >= width) continue;
    // What stands left of the root may touch it where it has no width.
    if (root >= 0 && depth === frame.depth && node !== root) continue;
    visit(node, { left, width: wide }, (depth - frame.depth) * flameLevel - scrollTop);
  }
}
