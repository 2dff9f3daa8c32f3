import { expect, test } from "vitest";
import { createRedactor } from "./index.ts";

const secret = "hunter2 is at postgres://app:hunter22@db/x";

test("every string of a span is cleaned, whatever is in it", () => {
  const attributes = {
    note: secret,
    [`key postgres://app:hunter22@db`]: 1,
    list: ["ok", secret],
    map: { deep: [{ text: secret }] },
  };
  const span = {
    name: secret,
    statusMessage: secret,
    attributes,
    events: [
      { name: secret, attributes: { "exception.stacktrace": `Error: ${secret}\n    at main (a.js:1:2)` } },
    ],
    links: [{ attributes: { why: secret } }],
    resource: { attributes: { "process.command": secret } },
    scope: { name: secret, attributes: { x: secret } },
  };
  const said = JSON.stringify(createRedactor().span(span));
  expect(said).not.toContain("hunter22");
  expect(said).toContain("at main (a.js:1:2)");
  expect(span.attributes).toBe(attributes);
});

test("numbers and truth values stay under a sensitive key, anything else is hidden whole", () => {
  const redactor = createRedactor();
  const under = (value: unknown) => redactor.value("db.password", value);
  expect([under(5), under(true), under(10n), under(null)]).toEqual([5, true, 10n, null]);
  for (const value of ["x", ["x", 1], { a: 1 }, new Uint8Array(2), new Date(0)])
    expect(under(value)).toBe("[REDACTED]");
});

test("values of every wrong type end: cycles, depth, getters and proxies that throw, a million items", () => {
  const redactor = createRedactor();
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic["self"] = cyclic;
  expect(redactor.value("x", cyclic)).toEqual({ a: 1, self: "[Circular]" });
  let deep: unknown = "end";
  for (let at = 0; at < 1_000; at++) deep = { deep };
  expect(JSON.stringify(redactor.value("x", deep))).toContain("[Too deep]");
  const failing = {
    get bad(): string {
      throw new Error("no");
    },
  };
  expect(redactor.value("x", failing)).toBeUndefined();
  const proxy = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("no");
      },
    },
  );
  expect(redactor.value("x", proxy)).toBeUndefined();
  expect(redactor.counts().failed).toBe(2);
  expect(
    redactor.value(
      "x",
      Array.from({ length: 1_000_000 }, () => 1),
    ),
  ).toHaveLength(10_000);
  expect([
    redactor.value("x", () => 1),
    redactor.value("x", Symbol("s")),
    redactor.value("x", undefined),
  ]).toEqual([undefined, undefined, undefined]);
  expect(redactor.value("x", new Error("token=abcdef12"))).toBe("Error: token=[REDACTED]");
  expect(Object.keys(redactor.value("x", JSON.parse('{"__proto__": {"a": 1}}')) as object)).toEqual([
    "__proto__",
  ]);
});

test("a value of megabytes is cut before it is searched", () => {
  const said = createRedactor().text(`password=hunter2 ${"x y ".repeat(2_500_000)}`);
  expect(said.length).toBeLessThan(300_000);
  expect(said).toMatch(/^password=\[REDACTED\] x y .*\[cut: \d+ more characters\]$/);
});

test("half characters do no harm", () => {
  const redactor = createRedactor();
  expect(redactor.text("\ud800 password=hunter2 \udc00")).toBe("\ud800 password=[REDACTED] \udc00");
});

test("a secret at the cut of a description does not survive in part", () => {
  const said = createRedactor().string("ticket.description", `${"x".repeat(80)} password=abcdefghijklmnop1`);
  expect(said).toHaveLength(100);
  expect(said).not.toContain("abc");
});
