/** Frequent words that tell a language from its neighbours. */
const words: Readonly<Record<string, string>> = {
  en: "the and is are was were not with for this that from have has been you your will can when after to of it on be if then",
  de: "der die das und ist sind war nicht mit für von den dem ein eine einen auf wird wurde nach bei kann sie ich wir im zu aus seit auch noch oder wenn",
  fr: "le la les des est sont pas avec pour une dans qui que sur par plus ne du au aux vous nous depuis être cette après ou si",
  es: "el la los las es son no con para una en que por del se al como está desde esta ha fue cuando después si su",
  it: "il lo la gli le sono non con per una di che del della nel dal da questo dopo quando si al ma come stato",
  nl: "de het een en is zijn niet met voor van op dat die te bij wordt werd naar uit na als kan er ook maar om",
  pt: "os as são não com para uma em que por do da no na se ao como está desde foi quando depois mais ou",
  pl: "nie się jest na do że to po przez dla od przed oraz jak lub są został była być tym",
  sv: "och är inte med för som en ett det att på av den till från har kan när efter eller om var blev",
  da: "og er ikke med for som en et det at på af den til fra har kan når efter eller om var blev der",
  cs: "je na se že do pro od nebo jak jsou není byl po při který by být ale také",
  tr: "ve bir bu için ile değil olarak var yok sonra çok daha kadar gibi ancak oldu",
};
const lists = Object.entries(words).map(([language, list]) => ({
  language,
  words: new Set(list.split(" ")),
}));

/** Scripts that settle the language, or a family that is near enough. */
const scripts: readonly [language: string, letters: RegExp][] = [
  ["ja", /[\p{Script=Hiragana}\p{Script=Katakana}]/gu],
  ["ko", /\p{Script=Hangul}/gu],
  ["zh", /\p{Script=Han}/gu],
  ["ru", /\p{Script=Cyrillic}/gu],
  ["el", /\p{Script=Greek}/gu],
  ["ar", /\p{Script=Arabic}/gu],
  ["he", /\p{Script=Hebrew}/gu],
  ["th", /\p{Script=Thai}/gu],
  ["hi", /\p{Script=Devanagari}/gu],
];
const read = 4_000;
const wordsNeeded = 4;

/** The language of a text as its primary subtag (`de`); undefined where it does not show: too short, a log, names alone. */
export function languageOf(text: string): string | undefined {
  const beginning = text.slice(0, read).toLowerCase();
  const letters = beginning.match(/\p{L}/gu)?.length ?? 0;
  if (letters === 0) return undefined;
  for (const [language, pattern] of scripts) {
    const share = (beginning.match(pattern)?.length ?? 0) / letters;
    if (share > (language === "ja" ? 0.1 : 0.3)) return language;
  }
  const counts = new Map<string, number>();
  for (const word of beginning.match(/\p{L}+/gu) ?? [])
    for (const list of lists)
      if (list.words.has(word)) counts.set(list.language, (counts.get(list.language) ?? 0) + 1);
  const [first, second] = [...counts].toSorted((a, b) => b[1] - a[1]);
  if (first === undefined || first[1] < wordsNeeded) return undefined;
  // Neighbours share words: a narrow lead tells nothing.
  return second === undefined || first[1] >= second[1] * 1.25 + 1 ? first[0] : undefined;
}

/** `de` of `de-CH`. */
export function primaryOf(tag: string): string {
  return tag.toLowerCase().split("-")[0] ?? tag;
}

/** Whether `languageOf` knows the language at all. */
export function canTell(tag: string): boolean {
  const primary = primaryOf(tag);
  return primary in words || scripts.some(([language]) => language === primary);
}
