import { expect, test } from "vitest";
import { CircuitBreaker } from "./breaker.ts";

test("five failures in a row rest the server for 30 s; one try then decides, each failed one doubles the rest", () => {
  let now = 0;
  const breaker = new CircuitBreaker(() => now);
  for (let call = 0; call < 5; call++) {
    expect(breaker.admit()).toBe(0);
    breaker.failed();
  }
  expect(breaker.admit()).toBe(30_000);
  now = 30_000;
  expect(breaker.admit()).toBe(0);
  // Others wait while one tries.
  expect(breaker.admit()).toBeGreaterThan(0);
  breaker.failed();
  expect(breaker.admit()).toBe(60_000);
  now = 90_000;
  expect(breaker.admit()).toBe(0);
  breaker.succeeded();
  expect(breaker.admit()).toBe(0);
  breaker.failed();
  expect(breaker.admit()).toBe(0);
});

test("the rest is five minutes at most, and a try that was dropped lets the next one try", () => {
  let now = 0;
  const breaker = new CircuitBreaker(() => now);
  for (let call = 0; call < 5; call++) breaker.failed();
  for (let round = 0; round < 10; round++) {
    now += 300_000;
    expect(breaker.admit()).toBe(0);
    breaker.failed();
  }
  expect(breaker.admit()).toBe(300_000);
  now += 300_000;
  expect(breaker.admit()).toBe(0);
  breaker.dropped();
  expect(breaker.admit()).toBe(0);
});
