import { expect, test } from "vitest";
import { callGraphOf, failedPercent, nodesAtMost } from "./calls.ts";

const call = (parent: string, child: string, calls: number, failed: number | null = 0) => ({
  parent,
  child,
  calls,
  failed,
  p50Ns: 1,
  p95Ns: 2,
});

test("a service in focus stands with those that it calls and that call it", () => {
  const { nodes, calls } = callGraphOf(
    [call("web", "shop", 10), call("shop", "redis", 30, 3), call("mailer", "smtp", 5)],
    "shop",
  );
  expect(nodes).toEqual([
    { name: "shop", incoming: 10, outgoing: 30, failed: 0 },
    { name: "redis", incoming: 30, outgoing: 0, failed: 3 },
    { name: "web", incoming: 0, outgoing: 10, failed: 0 },
  ]);
  expect(calls.map(({ child }) => child)).toEqual(["shop", "redis"]);
});

test("of thousands of services the busiest are shown, and how many are not is told", () => {
  const many = Array.from({ length: 10_000 }, (_, at) => call("gateway", `service-${at}`, at + 1));
  const { nodes, calls, leftOut } = callGraphOf(many, undefined);
  expect([nodes.length, calls.length, leftOut]).toEqual([nodesAtMost, nodesAtMost - 1, 10_001 - nodesAtMost]);
  expect(nodes[1]?.name).toBe("service-9999");
});

test("calls whose failures nobody counted are not called failed", () => {
  expect([failedPercent(call("a", "b", 4, 1)), failedPercent(call("a", "b", 4, null))]).toEqual([25, 0]);
});
