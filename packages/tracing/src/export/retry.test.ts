import { expect, test } from "vitest";
import { type Attempt, withRetry } from "./retry.ts";

const never = new AbortController().signal;

/** Answers in turn; the last one stands. */
function attempts(...outcomes: Attempt[]): {
  attempt: (leftMs: number) => Promise<Attempt>;
  left: number[];
  at: number[];
} {
  const left: number[] = [];
  const at: number[] = [];
  return {
    left,
    at,
    attempt: async (leftMs) => {
      left.push(leftMs);
      at.push(Date.now());
      return outcomes[Math.min(left.length, outcomes.length) - 1] ?? { kind: "refused", reason: "none" };
    },
  };
}

const busy: Attempt = { kind: "retry", reason: "busy" };
const taken: Attempt = { kind: "taken", rejected: 0, message: "" };

test("a request is tried until it is taken, with pauses that grow and are never as long as they might be", async () => {
  const { attempt, at } = attempts(busy, busy, busy, taken);
  expect(await withRetry(attempt, Number.POSITIVE_INFINITY, never)).toEqual(taken);
  const pauses = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  expect(pauses).toHaveLength(3);
  for (const [index, pause] of pauses.entries()) expect(pause).toBeLessThanOrEqual(250 * 2 ** index + 50);
});

test("each attempt knows what time is left", async () => {
  const { attempt, left } = attempts(busy);
  expect(await withRetry(attempt, Date.now() + 600, never)).toEqual({ kind: "unreachable", reason: "busy" });
  expect(left[0]).toBeLessThanOrEqual(600);
  expect(left.at(-1)).toBeGreaterThanOrEqual(50);
  expect(left.at(-1)).toBeLessThan(left[0] ?? 0);
});

test("where nothing limits it, an attempt knows that too", async () => {
  const { attempt, left } = attempts(taken);
  await withRetry(attempt, Number.POSITIVE_INFINITY, never);
  expect(left).toEqual([Number.POSITIVE_INFINITY]);
});

test("a deadline that has passed leaves one short attempt", async () => {
  const { attempt, left } = attempts(busy);
  expect(await withRetry(attempt, Date.now() - 1_000, never)).toEqual({
    kind: "unreachable",
    reason: "busy",
  });
  expect(left).toEqual([50]);
});

test("a receiver that asks for more time than a timer can hold is not asked again at once", async () => {
  const stop = new AbortController();
  const { attempt, at } = attempts({ kind: "retry", reason: "busy", retryAfterMs: 1e15 });
  const outcome = withRetry(attempt, Number.POSITIVE_INFINITY, stop.signal);
  await new Promise((resolve) => setTimeout(resolve, 50));
  stop.abort();
  expect(await outcome).toEqual({ kind: "unreachable", reason: "busy" });
  expect(at).toHaveLength(1);
});
