/** Told apart by colour-blind eyes too, and on light and dark ground (after Okabe and Ito's set, toned). */
const palette = ["#3b82c4", "#d08a1d", "#1f9e89", "#b565a7", "#6a7fdb", "#8a9a2b", "#c2603c", "#4aa3b5"];

/** Services in the order of appearance get one colour each; past the palette they repeat. */
export function coloursOf(services: readonly string[]): ReadonlyMap<string, string> {
  const distinct = [...new Set(services)];
  return new Map(distinct.map((service, at) => [service, palette[at % palette.length] ?? "#3b82c4"]));
}
