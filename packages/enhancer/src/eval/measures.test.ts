import { expect, test } from "vitest";
import { measure } from "./measures.ts";

test("recall, hits, MRR and nDCG are what the books say", () => {
  const one = measure([{ found: ["x", "a", "y", "b"], relevant: new Set(["a", "b", "c"]) }]);
  expect(one.recall).toEqual({ 1: 0, 3: 1 / 3, 5: 2 / 3 });
  expect(one.hit).toEqual({ 1: 0, 3: 1, 5: 1 });
  expect(one.mrr).toBe(0.5);
  const ideal = 1 + 1 / Math.log2(3) + 1 / 2;
  expect(one.ndcg).toBeCloseTo((1 / Math.log2(3) + 1 / Math.log2(5)) / ideal, 10);
});

test("no result is worth nothing, all relevant ones first are worth everything", () => {
  const [nothing, everything] = [[], ["a", "b"]].map((found) =>
    measure([{ found, relevant: new Set(["a", "b"]) }]),
  );
  expect(nothing).toMatchObject({ mrr: 0, ndcg: 0, recall: { 5: 0 } });
  expect(everything).toMatchObject({ mrr: 1, ndcg: 1, recall: { 1: 1, 3: 1, 5: 1 }, hit: { 1: 1 } });
  expect(measure([])).toMatchObject({ queries: 0, mrr: 0 });
});
