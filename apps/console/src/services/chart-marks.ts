import type uPlot from "uplot";

/** A point that leads somewhere. */
export interface Mark {
  id: string;
  atMs: number;
  value: number;
  isBad: boolean;
}

const reachPx = 10;

/** Steps with nothing on either side: a line has no length there. */
export function alone(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  for (let at = 0; at < values.length; at++)
    if (isValue(values[at]) && !isValue(values[at - 1]) && !isValue(values[at + 1])) found.push(at);
  return found;
}

function isValue(value: number | null | undefined): boolean {
  return value !== null && value !== undefined;
}

function placeOf(plot: uPlot, { atMs, value }: Mark): [number, number] {
  return [plot.valToPos(atMs / 1_000, "x"), plot.valToPos(value, "y")];
}

export function drawMarks(plot: uPlot, marks: readonly Mark[], bad: string, plain: string): void {
  const { ctx: pen, bbox } = plot;
  pen.save();
  for (const mark of marks) {
    const [x, y] = placeOf(plot, mark);
    const [px, py] = [bbox.left + x * devicePixelRatio, bbox.top + y * devicePixelRatio];
    if (px < bbox.left || px > bbox.left + bbox.width) continue;
    const size = 4.5 * devicePixelRatio;
    pen.beginPath();
    pen.moveTo(px, py - size);
    pen.lineTo(px + size, py);
    pen.lineTo(px, py + size);
    pen.lineTo(px - size, py);
    pen.closePath();
    pen.fillStyle = mark.isBad ? bad : plain;
    pen.globalAlpha = 0.75;
    pen.fill();
  }
  pen.restore();
}

export function markNear(plot: uPlot, marks: readonly Mark[], x: number, y: number): Mark | undefined {
  let best: Mark | undefined;
  let least = reachPx;
  for (const mark of marks) {
    const [markX, markY] = placeOf(plot, mark);
    const distance = Math.hypot(markX - x, markY - y);
    if (distance < least) [best, least] = [mark, distance];
  }
  return best;
}
