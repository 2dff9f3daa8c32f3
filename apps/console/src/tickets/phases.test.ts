import { expect, test } from "vitest";
import { phaseShares, phasesText } from "./phases.ts";

test("what lies in no phase is shown as everything else", () => {
  const shares = phaseShares({ read: 10, context: 700, write: 0, desk: 30, total: 800 });
  expect(shares.map(({ key, ms }) => [key, ms])).toEqual([
    ["read", 10],
    ["context", 700],
    ["desk", 30],
    ["other", 60],
  ]);
  expect(phasesText(shares)).toBe(
    "Read the ticket 10.0 ms, Gather context 700 ms, Put it on the desk 30.0 ms, Everything else 60.0 ms",
  );
});

test("an attempt without figures has no phases, one whose clock went back no negative ones", () => {
  expect(phaseShares({})).toEqual([]);
  expect(phaseShares({ read: -5, total: -5 })).toEqual([]);
  expect(phaseShares({ read: 10, total: 5 }).map(({ key }) => key)).toEqual(["read"]);
});
