/** So much of a name is looked at: one of a megabyte would stop the page. */
const charactersAtMost = 300;
const keptAtMost = 4_000;

/** Cuts texts to a width, and remembers it: the same names come again in every frame. */
export class TextFitter {
  private readonly kept = new Map<string, string>();
  private font = "";

  /** The text, or as much of it as fits with an ellipsis. */
  fit(pen: CanvasRenderingContext2D, text: string, width: number): string {
    if (width < 8) return "";
    if (pen.font !== this.font) {
      this.kept.clear();
      this.font = pen.font;
    }
    const room = Math.floor(width);
    const cut = text.length > charactersAtMost ? `${text.slice(0, charactersAtMost)}…` : text;
    const name = `${room} ${cut}`;
    let fitted = this.kept.get(name);
    if (fitted === undefined) {
      if (this.kept.size >= keptAtMost) this.kept.clear();
      this.kept.set(name, (fitted = cutTo(pen, cut, room)));
    }
    return fitted;
  }
}

function cutTo(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  let least = 0;
  let most = text.length;
  while (least < most) {
    const middle = (least + most + 1) >> 1;
    if (pen.measureText(`${text.slice(0, middle)}…`).width <= width) least = middle;
    else most = middle - 1;
  }
  return least === 0 ? "" : `${text.slice(0, least)}…`;
}
