import { expect, test } from "vitest";
import { colourKeyOf } from "./colours.ts";
import { spanOf } from "./span-of.test-data.ts";

test("services have a colour each, whatever the theme", () => {
  const spans = ["web", "worker", "web", "desk"].map((service, at) =>
    spanOf({ spanId: String(at), service }),
  );
  const key = colourKeyOf(spans);
  expect(key.by).toBe("service");
  expect(key.labels).toEqual(["web", "worker", "desk"]);
  for (const theme of ["light", "dark"] as const) {
    expect(new Set(spans.map((span) => key.colourOf(span, theme))).size).toBe(3);
  }
});

test("in a trace of one service the kinds of its spans are told apart", () => {
  const spans = (["server", "internal", "client"] as const).map((kind) => spanOf({ spanId: kind, kind }));
  const key = colourKeyOf(spans);
  expect(key.by).toBe("kind");
  expect(key.labels).toEqual(["server", "internal", "client"]);
});

test("ten thousand services repeat the colours", () => {
  const spans = Array.from({ length: 10_000 }, (_, at) =>
    spanOf({ spanId: String(at), service: `service-${at}` }),
  );
  const key = colourKeyOf(spans);
  expect(spans.every((span) => /^#[0-9a-f]{6}$/.test(key.colourOf(span, "dark")))).toBe(true);
});
