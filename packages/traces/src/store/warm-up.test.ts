import { createRedactor } from "@throughline/redaction";
import { expect, test } from "vitest";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ValueRedactor } from "../ingest-redaction.ts";
import { warmUp } from "./warm-up.ts";

test("code is run before the first request, hides nothing meanwhile, and gives way between slices", async () => {
  const redactor = createRedactor();
  let cleaned = 0;
  class CountingRedactor extends ValueRedactor {
    override text(text: string): string {
      cleaned++;
      return super.text(text);
    }
  }
  const cleaner = new CountingRedactor(redactor);
  warmUp(cleaner);
  const turns: number[] = [];
  for (let same = 0; same < 3; same = turns.at(-1) === turns.at(-2) ? same + 1 : 0) {
    await nextTurn();
    turns.push(cleaned);
  }
  expect(new Set(turns).size).toBeGreaterThan(20);
  expect(cleaned).toBeGreaterThan(500);
  expect(redactor.counts()).toEqual({ byRule: {}, failed: 0 });
  expect(cleaner.failures).toBe(0);
});

test("it can be ended early", async () => {
  const cleaner = new ValueRedactor(createRedactor());
  let cleaned = 0;
  cleaner.text = (text) => {
    cleaned++;
    return text;
  };
  warmUp(cleaner)();
  await nextTurn();
  await nextTurn();
  expect(cleaned).toBe(0);
});
