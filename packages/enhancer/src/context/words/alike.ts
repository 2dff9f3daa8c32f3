/** Shorter words differ by a letter from too many others. */
export const shortestAlike = 5;

/** Parts of a word of which one at least is whole in every word that is alike: what the stores look for. */
export function intactParts(word: string): string[] {
  const most = mistakesAllowed(word);
  const count = most + 1;
  if (word.length < count * 3) return [word.slice(0, 3), word.slice(-3)];
  const size = Math.floor(word.length / count);
  const pieces = Array.from({ length: count }, (_, at) =>
    word.slice(at * size, at === count - 1 ? word.length : (at + 1) * size),
  );
  // Two letters that changed places across a border spoil both pieces beside it.
  const middle = Math.floor(word.length / 2);
  return [...pieces, word.slice(middle - 2, middle + 2)].filter((piece) => piece.length >= 3);
}

/** Whether `known` may be what somebody meant with `asked`; smaller is nearer, undefined is not alike. */
export function distanceOf(asked: string, known: string): number | undefined {
  if (asked === known) return 0;
  const [shorter, longer] = asked.length < known.length ? [asked, known] : [known, asked];
  // Numbers that differ by a digit are different things; a code that is part of another is the same one, cut.
  if (/\d/.test(shorter)) {
    if (shorter.length >= 6 && shorter.length * 5 >= longer.length * 3 && longer.includes(shorter)) return 1;
    if (digitsOf(asked) === digitsOf(known)) return editDistance(asked, known, 1);
    return shorter.length >= 8 && shorter.length < longer.length ? editDistance(asked, known, 1) : undefined;
  }
  return editDistance(asked, known, mistakesAllowed(asked));
}

function mistakesAllowed(word: string): number {
  return word.length >= 9 ? 2 : 1;
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, "");
}

/** Letters put in, left out, changed, or two that changed places; undefined where it takes more than `most`. */
function editDistance(a: string, b: string, most: number): number | undefined {
  if (Math.abs(a.length - b.length) > most) return undefined;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let row = 1; row <= a.length; row++) {
    const next = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      next.push(cost);
    }
    if (Math.min(...next) > most) return undefined;
    before = last;
    last = next;
  }
  const distance = last[b.length] ?? 0;
  return distance <= most ? distance : undefined;
}
