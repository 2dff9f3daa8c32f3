import { expect, test } from "vitest";
import { isLoopback, parseAddress, parseDuration } from "./address.ts";

test.each([
  ["127.0.0.1:8000", { host: "127.0.0.1", port: 8000 }],
  [":0", { host: "127.0.0.1", port: 0 }],
  ["8000", { host: "127.0.0.1", port: 8000 }],
  ["[::1]:4317", { host: "::1", port: 4317 }],
  ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
  ["desk.example.com:443", { host: "desk.example.com", port: 443 }],
  ["127.0.0.1", undefined],
  ["host:65536", undefined],
  ["http://x:1", undefined],
  ["", undefined],
  ["::1:80", undefined],
])("the address %j", (text, address) => expect(parseAddress(text)).toEqual(address));

test.each([
  ["500ms", 500],
  ["60s", 60_000],
  ["1h30m", 5_400_000],
  ["1.5s", 1_500],
  ["30d", 2_592_000_000],
  ["72", undefined],
  ["-1s", undefined],
  ["1w", undefined],
  ["", undefined],
])("the time %j", (text, ms) => expect(parseDuration(text)).toBe(ms));

test("loopback is told from the rest", () => {
  expect(["localhost", "::1", "127.0.0.1", "127.9.9.9"].every(isLoopback)).toBe(true);
  expect(["0.0.0.0", "10.0.0.1", "localhost.evil.com", "127.0.0.1.evil.com"].some(isLoopback)).toBe(false);
});
