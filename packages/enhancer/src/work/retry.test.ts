import { ThroughlineError } from "@throughline/api";
import { expect, test } from "vitest";
import { DeskError } from "../desk/desk.ts";
import { backoffMs, isPermanent, isThrottled, throttleMs } from "./retry.ts";

test.each([
  [1, 2_000],
  [2, 4_000],
  [3, 8_000],
  [9, 512_000],
  [10, 600_000],
  [60, 600_000],
])("after attempt %d a job waits anything from nothing to %d ms", (attempt, most) => {
  const waits = Array.from({ length: 2_000 }, () => backoffMs(attempt));
  expect(Math.max(...waits)).toBeLessThanOrEqual(most);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
  // Full jitter: every quarter of the time is used.
  for (const quarter of [0, 1, 2, 3])
    expect(waits.some((ms) => ms >= (most / 4) * quarter && ms <= (most / 4) * (quarter + 1))).toBe(true);
});

test("a 429 is waited out as long as the desk says, never for no time and never for more than ten minutes", () => {
  expect(throttleMs(1, 7_000)).toBe(7_000);
  expect(throttleMs(1, 0)).toBe(100);
  expect(throttleMs(1, 86_400_000)).toBe(600_000);
  expect(throttleMs(1, undefined)).toBe(2_000);
  expect(throttleMs(3, undefined)).toBe(8_000);
});

test("what cannot get better is told from what may", () => {
  expect(isPermanent(new DeskError("permanent", "403"))).toBe(true);
  expect(isPermanent(new ThroughlineError("TL_TENANT_UNKNOWN", "gone"))).toBe(true);
  for (const kind of ["transient", "throttled"] as const)
    expect(isPermanent(new DeskError(kind, "x"))).toBe(false);
  expect(isPermanent(new Error("anything"))).toBe(false);
  expect(isThrottled(new DeskError("throttled", "429"))).toBe(true);
  expect(isThrottled(new DeskError("transient", "503"))).toBe(false);
});
