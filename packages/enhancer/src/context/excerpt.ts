/** The beginning of a text in whole sentences, at most so many characters. */
export function firstSentences(text: string, limit: number): string {
  return wholeSentences(sentencesOf(text), 0, limit);
}

/** Whole sentences around the first ones that hold a matched word, at most so many characters. */
export function bestPassage(text: string, matched: readonly string[], limit: number): string {
  const sentences = sentencesOf(text);
  const scores = sentences.map((sentence) => {
    const lower = sentence.toLowerCase();
    return matched.filter((word) => lower.includes(word)).length;
  });
  const best = scores.indexOf(Math.max(...scores, 0));
  return wholeSentences(sentences, Math.max(0, best), limit);
}

function sentencesOf(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+|\n{2,}/)
    .map((sentence) => sentence.replace(/\s+/g, " ").trim())
    .filter((sentence) => sentence !== "");
}

function wholeSentences(sentences: readonly string[], from: number, limit: number): string {
  let out = "";
  for (const sentence of sentences.slice(from)) {
    const longer = out === "" ? sentence : `${out} ${sentence}`;
    if (longer.length > limit) break;
    out = longer;
  }
  if (out !== "") return out;
  const [first = ""] = sentences.slice(from);
  return first.length <= limit ? first : `${first.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}
