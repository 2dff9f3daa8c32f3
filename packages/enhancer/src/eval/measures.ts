/** What a ranking is worth, averaged over the queries; each between 0 and 1. */
export interface Measures {
  queries: number;
  /** By cut: of the relevant that could stand among the first k, how many do. */
  recall: Record<number, number>;
  /** By cut: queries with something relevant among the first k. */
  hit: Record<number, number>;
  /** One over the place of the first relevant result; 0 where there is none. */
  mrr: number;
  /** Of the first `ndcgCut` places, each relevant result counts the less the later it comes. */
  ndcg: number;
}

const cuts = [1, 3, 5] as const;
const ndcgCut = 5;

export function measure(
  rankings: readonly { found: readonly string[]; relevant: ReadonlySet<string> }[],
): Measures {
  const mean = (of: (one: (typeof rankings)[number]) => number) =>
    rankings.length === 0 ? 0 : rankings.reduce((sum, one) => sum + of(one), 0) / rankings.length;
  const among = ({ found, relevant }: (typeof rankings)[number], k: number) =>
    found.slice(0, k).filter((id) => relevant.has(id)).length;
  return {
    queries: rankings.length,
    recall: byCut((k) => mean((one) => among(one, k) / Math.min(k, one.relevant.size))),
    hit: byCut((k) => mean((one) => Math.min(1, among(one, k)))),
    mrr: mean(({ found, relevant }) => {
      const first = found.findIndex((id) => relevant.has(id));
      return first < 0 ? 0 : 1 / (first + 1);
    }),
    ndcg: mean(({ found, relevant }) => {
      const gain = (isRelevant: (at: number) => boolean) =>
        Array.from({ length: ndcgCut }, (_, at) => (isRelevant(at) ? 1 / Math.log2(at + 2) : 0)).reduce(
          (sum, one) => sum + one,
          0,
        );
      return gain((at) => relevant.has(found[at] ?? "")) / gain((at) => at < relevant.size);
    }),
  };
}

function byCut(of: (k: number) => number): Record<number, number> {
  return Object.fromEntries(cuts.map((k) => [k, of(k)]));
}
