import { array, assert, constantFrom, integer, oneof, property, record } from "fast-check";
import { expect, test } from "vitest";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import { rateFields, windowMs } from "./rate-limiter.ts";

/** The definition itself: keeps every time, counts those within the window. */
class Model {
  private readonly taken: { key: string; atMs: number }[] = [];

  take(key: string, limit: number, nowMs: number) {
    const within = () => this.taken.filter((one) => one.key === key && one.atMs > nowMs - windowMs);
    const isAllowed = within().length < limit;
    if (isAllowed) this.taken.push({ key, atMs: nowMs });
    const [oldest] = within();
    return {
      isAllowed,
      remaining: Math.max(0, limit - within().length),
      resetMs: oldest === undefined ? 0 : oldest.atMs + windowMs - nowMs,
    };
  }
}

test("the limiter decides as its definition, whatever comes when", () => {
  const step = record({
    key: constantFrom("a", "b"),
    limit: constantFrom(1, 3, 20, 40),
    afterMs: oneof(integer({ min: 0, max: 50 }), integer({ min: 0, max: 2 * windowMs })),
  });
  assert(
    property(array(step, { maxLength: 120 }), (steps) => {
      let nowMs = 1_000;
      const limiter = new MemoryRateLimiter(() => nowMs);
      const model = new Model();
      for (const { key, limit, afterMs } of steps) {
        nowMs += afterMs;
        expect(limiter.take(key, limit)).toEqual(model.take(key, limit, nowMs));
      }
    }),
    { numRuns: 300 },
  );
});

test("a client that waits as long as it is told is taken, and not a moment before", () => {
  let nowMs = 0;
  const limiter = new MemoryRateLimiter(() => nowMs);
  for (let at = 0; at < 100; at++, nowMs += 10) expect(limiter.take("t", 100).isAllowed).toBe(true);
  const { isAllowed, resetMs } = limiter.take("t", 100);
  expect(isAllowed).toBe(false);
  nowMs += resetMs - 1;
  expect(limiter.take("t", 100).isAllowed).toBe(false);
  nowMs += 1;
  expect(limiter.take("t", 100).isAllowed).toBe(true);
});

test("keys that anybody invents do not fill the memory", () => {
  let nowMs = 0;
  const limiter = new MemoryRateLimiter(() => nowMs);
  for (let at = 0; at < 150_000; at++, nowMs += 0.01) limiter.take(`key-${at}`, 1);
  expect(limiter.take("key-149999", 1).isAllowed).toBe(false);
  expect(limiter.isSpent("key-149999", 1)).toBe(true);
  expect(limiter.isSpent("never seen", 1)).toBe(false);
});

test("the fields are structured fields of the draft, seconds rounded up", () => {
  expect(rateFields({ isAllowed: true, remaining: 7, resetMs: 1_001 }, 100)).toEqual({
    "ratelimit-policy": '"tenant";q=100;w=60',
    ratelimit: '"tenant";r=7;t=2',
  });
});
