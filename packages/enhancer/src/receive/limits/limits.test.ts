import { describe, expect, test } from "vitest";
import { BodyBudget } from "./body-budget.ts";
import { clientAddress } from "./client-address.ts";
import { Gate } from "./gate.ts";
import { Networks } from "./networks.ts";

describe("networks", () => {
  const networks = new Networks(["203.0.113.7", "10.0.0.0/8", "2001:db8::/32", "::1"]);
  test.each([
    ["203.0.113.7", true],
    ["203.0.113.8", false],
    ["10.255.0.1", true],
    ["11.0.0.1", false],
    ["::ffff:10.1.2.3", true],
    ["2001:db8:1::5", true],
    ["2001:db9::", false],
    ["::1", true],
    ["fe80::1%eth0", false],
    ["", false],
    ["nonsense", false],
  ])("%s: %s", (address, isIn) => {
    expect(networks.has(address)).toBe(isIn);
  });

  test.each(["10.0.0.0/33", "10.0.0", "10.0.0.0/", "10.0.0.0/8/8", "::1/129", "a/8", "10.0.0.0/-1", ""])(
    "%s is none",
    (entry) => {
      expect(() => new Networks([entry])).toThrow(RangeError);
    },
  );

  test("none given hold nobody", () => {
    expect(new Networks([]).has("127.0.0.1")).toBe(false);
  });
});

describe("the client's address", () => {
  const proxies = new Networks(["10.0.0.0/8", "127.0.0.1"]);
  test.each([
    ["without proxies it is the socket's", "198.51.100.9", "203.0.113.1", "198.51.100.9"],
    ["behind one it is what that saw", "10.0.0.1", "203.0.113.1", "203.0.113.1"],
    ["a claim further left does not count", "10.0.0.1", "1.1.1.1, 203.0.113.1", "203.0.113.1"],
    ["behind several, the nearest that is none", "10.0.0.1", "1.1.1.1, 203.0.113.1, 10.2.2.2", "203.0.113.1"],
    ["all of them proxies: the farthest", "10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"],
    ["nonsense ends the chain", "10.0.0.1", "203.0.113.1, unknown", "10.0.0.1"],
    ["an empty header", "10.0.0.1", "", "10.0.0.1"],
    ["with ports", "127.0.0.1", "203.0.113.1:4711", "203.0.113.1"],
    ["IPv6 with a port", "::ffff:127.0.0.1", "[2001:db8::1]:443", "2001:db8::1"],
    ["IPv6", "127.0.0.1", "2001:db8::1", "2001:db8::1"],
  ])("%s", (_what, peer, header, expected) => {
    expect(clientAddress(peer, header, proxies)).toBe(expected);
  });
});

test("large bodies share a budget, small ones need none", () => {
  const budget = new BodyBudget(64 * 1_048_576);
  expect(budget.hold(1_000, 1_048_576)).toBe(0);
  const first = budget.hold(undefined, 33 * 1_048_576);
  expect(first).toBe(33 * 1_048_576);
  expect(budget.hold(40 * 1_048_576, 40 * 1_048_576)).toBeUndefined();
  budget.release(first ?? 0);
  expect(budget.hold(40 * 1_048_576, 40 * 1_048_576)).toBe(40 * 1_048_576);
});

test("the gate lets fewer in while answers are slow, more when they are quick, and always some", () => {
  const gate = new Gate();
  let now = 0;
  const entered = () => {
    let count = 0;
    while (gate.enter()) count++;
    return count;
  };
  const round = (tookMs: number) => {
    const count = entered();
    for (let at = 0; at < count; at++) gate.leave(tookMs, (now += 0.01));
    now += 100;
    return count;
  };
  const before = round(10);
  for (let at = 0; at < 50; at++) round(500);
  const slow = round(500);
  expect(slow).toBe(128);
  for (let at = 0; at < 50; at++) round(1);
  expect(round(1)).toBeGreaterThan(slow);
  expect(before).toBe(256);
  expect(gate.active).toBe(0);
});
