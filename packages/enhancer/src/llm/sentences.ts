const abbreviation = /(?:^|\s)(?:e\.g|i\.e|etc|vs|approx|no|mr|mrs|dr|z\.\s?b|d\.\s?h|bzw|ca)\.$/i;
const holdsWords = /[\p{L}\p{N}]/u;
/** A list's number that stands alone, `2.` or `3)`. */
const bareNumber = /^\W*\d{1,3}[.)]?$/;

/** Sentences of plain text in their order; a list's number stays with its step, an abbreviation ends nothing. */
export function sentencesOf(text: string): string[] {
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  const sentences: string[] = [];
  for (const line of text.split(/\n+/)) {
    let open = "";
    for (const { segment } of segmenter.segment(line)) {
      open += segment;
      const sentence = open.replace(/\s+/g, " ").trim();
      if (!holdsWords.test(sentence) || bareNumber.test(sentence) || abbreviation.test(sentence)) continue;
      sentences.push(sentence);
      open = "";
    }
    if (holdsWords.test(open)) sentences.push(open.replace(/\s+/g, " ").trim());
  }
  return sentences;
}

/** What two texts are compared by: their words in lower case, cut to a stem, each once. */
export function stemsOf(text: string): Set<string> {
  const words =
    text
      .toLowerCase()
      .normalize("NFC")
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => word.length >= 3).map((word) => word.slice(0, 6)));
}

/** From 0, nothing in common, to 1, the same words (Jaccard). */
export function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const stem of a) if (b.has(stem)) shared++;
  const all = a.size + b.size - shared;
  return all === 0 ? 0 : shared / all;
}

/** How much a stem tells: one that stands in every text tells nothing, whatever the language. */
export function rarityIn(texts: readonly ReadonlySet<string>[]): (stem: string) => number {
  const counts = new Map<string, number>();
  for (const stems of texts) for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return (stem) => Math.log((texts.length + 1) / ((counts.get(stem) ?? 0) + 1));
}
