import { expect, test } from "vitest";
import { formatBytes, samplerArgument, samplingOutcome, shareThatFits } from "./sampling.ts";

const input = { tracesPerDay: 1_000_000, spansPerTrace: 12, bytesPerSpan: 25, retentionDays: 7, share: 0.1 };

test("a share of the traces takes its share of the disk, until as much goes as comes", () => {
  expect(samplingOutcome(input)).toEqual({
    tracesPerDay: 100_000,
    spansPerDay: 1_200_000,
    bytesPerDay: 30_000_000,
    bytes: 210_000_000,
    missedPercent: 0.9 ** 10 * 100,
  });
});

test("the share that fits a disk is told as the sampler takes it, never rounded up", () => {
  expect(shareThatFits(input, 1e12)).toBe(1);
  const share = shareThatFits(input, 700_000_000);
  expect(share).toBeCloseTo(1 / 3, 12);
  expect(samplerArgument(share)).toBe("0.3333");
  expect([samplerArgument(1), samplerArgument(0.99999), samplerArgument(0.00001234)]).toEqual([
    "1",
    "0.9999",
    "0.000012",
  ]);
});

test("bytes are written with three digits", () => {
  expect([0, 23, 23.44, 999.4, 999.6, 1_234_567, 5e13].map(formatBytes)).toEqual([
    "0 B",
    "23 B",
    "23.4 B",
    "999 B",
    "1.00 kB",
    "1.23 MB",
    "50.0 TB",
  ]);
});
