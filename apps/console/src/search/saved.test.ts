import { expect, test } from "vitest";
import { forgetSearch, savedSearches, saveSearch } from "./saved.ts";

function storage() {
  const values = new Map<string, string>();
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  };
}

test("searches are kept by name, the newest first, until they are forgotten", () => {
  const kept = storage();
  saveSearch(kept, "errors", { where: "error = true" });
  saveSearch(kept, "slow", { minDuration: "2s" });
  saveSearch(kept, "errors", { where: "error exists" });
  expect(savedSearches(kept)).toEqual([
    { name: "errors", view: { where: "error exists" } },
    { name: "slow", view: { minDuration: "2s" } },
  ]);
  forgetSearch(kept, "errors");
  expect(savedSearches(kept).map(({ name }) => name)).toEqual(["slow"]);
});

test("what another version or somebody's hand left behind does no harm", () => {
  const kept = storage();
  expect(savedSearches(kept)).toEqual([]);
  for (const text of ["{", "null", '{"a":1}', '[{"name":""},{"name":"a","view":{"limit":"x"}}]']) {
    kept.values.set("throughline.searches", text);
    expect(savedSearches(kept).every(({ name }) => name === "a")).toBe(true);
  }
});
