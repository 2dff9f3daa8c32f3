const stopWords = new Set(
  (
    "a an and are as at be been but by can cannot could did do does for from had has have he her his how i if in into is it its just me my no not of on or our out " +
    "she should since so some such than that the their them then there these they this those to too up us was we were what when where which while who why will with would you your " +
    "after all also any because before being between both day each few get gets got more morning most new now only other over please same still thanks today under until very yesterday " +
    "der die das und oder nicht ist sind ein eine einen im in zu mit von auf fur für den dem des es ich wir sie kann"
  ).split(" "),
);

/** Words worth searching for: no stop words, no bare numbers, no addresses. In the order of the text, each once. */
export function wordsOf(text: string): string[] {
  const words = text
    .toLowerCase()
    .normalize("NFC")
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, " ")
    .match(/[\p{L}\p{N}]+/gu);
  const stems = new Set<string>();
  return (words ?? []).filter((word) => {
    if (word.length < 2 || word.length > 40 || stopWords.has(word) || /^\d+$/.test(word)) return false;
    const stem = stemOf(word);
    return !stems.has(stem) && stems.add(stem);
  });
}

/** `printer`, `printers` and `printing` count as one word. Coarser than the index's stemmer: it only tells words apart. */
export function stemOf(word: string): string {
  return word.replace(/(?<=...)(?:ations?|ions?|ings?|ers?|ies|ed|es|s|e|y)$/, "");
}

/** An error code, a part number, a host's name: says much by itself. */
export function isCode(word: string): boolean {
  return word.length >= 5 && /\p{N}/u.test(word) && /\p{L}/u.test(word);
}
