import { expect, onTestFinished, test } from "vitest";
import { IngestHistory, type Received } from "./ingest-history.ts";

test("what came in is told step by step, for an hour, and steps without anything are left out", () => {
  let nowMs = Date.parse("2026-01-01T00:00:00Z");
  let totals: Received = {
    spans: 5,
    bytes: 500,
    dropped: { invalidSpans: 0, refusedRequests: 0, limitedRequests: 0, lostDatagrams: 0 },
  };
  const history = new IngestHistory(
    () => totals,
    () => nowMs,
  );
  onTestFinished(() => history.stop());
  const step = (spans: number, lostDatagrams = 0) => {
    nowMs += 10_000;
    const dropped = { ...totals.dropped, lostDatagrams: totals.dropped.lostDatagrams + lostDatagrams };
    totals = { spans: totals.spans + spans, bytes: totals.bytes + spans * 100, dropped };
    history.step();
  };
  step(10);
  step(0);
  step(0, 3);
  const { since, spans, steps } = history.status();
  expect([since, spans]).toEqual(["2026-01-01T00:00:00.000Z", 15]);
  expect(steps).toEqual([
    { at: "2026-01-01T00:00:10.000Z", spans: 10, bytes: 1_000, dropped: 0 },
    { at: "2026-01-01T00:00:30.000Z", spans: 0, bytes: 0, dropped: 3 },
  ]);
  nowMs += 3_600_000;
  step(1);
  expect(history.status().steps.map(({ spans: count }) => count)).toEqual([1]);
});
