import { expect, test } from "vitest";
import { colourKeyOf } from "./colours.ts";
import { traceOf } from "./trace.test-data.ts";

test("services get colours in the order of their first span, the same in all of the trace", () => {
  const trace = traceOf([{ service: "web" }, { parent: 0, service: "shop" }, { parent: 0, service: "web" }]);
  const { by, labels, colourOf, colourOfLabel } = colourKeyOf(trace);
  expect([by, labels]).toEqual(["service", ["web", "shop"]]);
  expect(colourOf(0, "light")).toBe(colourOf(2, "light"));
  expect(colourOf(0, "light")).not.toBe(colourOf(1, "light"));
  expect(colourOf(1, "dark")).toBe(colourOfLabel("shop", "dark"));
});

test("in a trace of one service kinds are told apart, alike in every trace", () => {
  const one = colourKeyOf(traceOf([{ kind: "server" }, { parent: 0, kind: "client" }]));
  const other = colourKeyOf(traceOf([{ kind: "client" }]));
  expect([one.by, one.labels]).toEqual(["kind", ["server", "client"]]);
  expect(one.colourOf(1, "light")).toBe(other.colourOf(0, "light"));
});

test("10,000 services have colours, which repeat", () => {
  const trace = traceOf(Array.from({ length: 10_000 }, (_, at) => ({ service: `service ${at}` })));
  const { colourOf } = colourKeyOf(trace);
  expect(new Set(Array.from({ length: 10_000 }, (_, at) => colourOf(at, "dark"))).size).toBe(8);
});
