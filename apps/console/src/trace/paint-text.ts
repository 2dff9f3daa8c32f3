/** So much of a name is looked at: one of a megabyte would stop the page. */
const charactersAtMost = 300;
const keptAtMost = 4_000;
const roomStep = 8;
const nothing: FittedText = { text: "", width: 0 };

/** A text that fits, and how wide it is. */
export interface FittedText {
  text: string;
  width: number;
}

/** Cuts texts to a width, and remembers it: the same names come again in every frame. */
export class TextFitter {
  private readonly kept = new Map<string, FittedText>();

  /** The text, or as much of it as fits with an ellipsis. */
  fit(pen: CanvasRenderingContext2D, text: string, width: number): FittedText {
    if (width < 8) return nothing;
    // A few pixels do not tell; so the same name is measured seldom.
    const room = Math.floor(width / roomStep) * roomStep;
    const cut = text.length > charactersAtMost ? `${text.slice(0, charactersAtMost)}…` : text;
    const name = `${room} ${pen.font} ${cut}`;
    let fitted = this.kept.get(name);
    if (fitted === undefined) {
      if (this.kept.size >= keptAtMost) this.kept.clear();
      this.kept.set(name, (fitted = measured(pen, cutTo(pen, cut, room))));
    }
    return fitted;
  }
}

function measured(pen: CanvasRenderingContext2D, text: string): FittedText {
  return { text, width: pen.measureText(text).width };
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
