import { expect, test } from "vitest";
import { parseRedactionRules } from "./custom-rules.ts";
import { createRedactor } from "./index.ts";

const hmacKey = "a key of sixteen characters at least";

function redactorOf(rules: object) {
  return createRedactor(parseRedactionRules(JSON.stringify(rules), hmacKey));
}

test("a rule of keys decides before the built-in ones, with each action", () => {
  const redactor = redactorOf({
    keys: [
      { name: "staff", match: "employee.*", action: "hmac" },
      { name: "notes", match: "note", action: "drop" },
      { name: "long", match: "*.body", action: "cut:5" },
      { name: "plain", match: "badge" },
    ],
    allowKeys: ["cache.token"],
  });
  expect(redactor.string("employee.id", "4711")).toMatch(/^\[HMAC:[\w-]{16}\]$/);
  expect(redactor.string("Employee.Id", "4711")).toBe(redactor.string("employee.id", "4711"));
  expect(redactor.string("employee.id", "4712")).not.toBe(redactor.string("employee.id", "4711"));
  expect(redactor.string("note", "anything")).toBeUndefined();
  expect(redactor.string("http.body", "123456789")).toBe("12345");
  expect(redactor.string("badge", "x")).toBe("[REDACTED]");
  expect(redactor.string("cache.token", "warm")).toBe("warm");
});

test("a rule of values finds its pattern anywhere", () => {
  const redactor = redactorOf({
    values: [
      { name: "badge", pattern: "BADGE-[0-9]{6}", ignoreCase: true, action: "hmac" },
      { name: "room", pattern: "room [0-9]+", action: "drop" },
    ],
    optIn: ["email", "phone", "ip"],
  });
  const said = redactor.text(
    "badge-123456 of j.doe@example.com in room 12, +49 89 1234567, 10.0.0.4, fe80::1",
  );
  expect(said).toMatch(/^\[HMAC:[\w-]{16}\] of \[REDACTED\] in , \[REDACTED\], \[REDACTED\], \[REDACTED\]$/);
  expect(redactor.counts().byRule).toMatchObject({ badge: 1, room: 1, email: 1, phone: 1, ip: 2 });
});

test("personal data stays where nobody asks for it to be hidden", () => {
  const text = "j.doe@example.com, +49 89 1234567, 10.0.0.4";
  expect(createRedactor().text(text)).toBe(text);
});

test("a pattern that would take others for ever takes time in proportion to the text", () => {
  const redactor = redactorOf({ values: [{ name: "evil", pattern: "(a+)+$" }] });
  const started = performance.now();
  redactor.text(`${"a".repeat(50_000)}!`);
  expect(performance.now() - started).toBeLessThan(2_000);
});

test.each([
  ["{", /no JSON/],
  ["[]", /the rules is \[\]: expected an object/],
  ['{"kyes":[]}', /has "kyes": expected only keys/],
  ['{"keys":[{"name":"x"}]}', /keys\[0\]\.match is missing: expected a text/],
  ['{"values":[{"name":"x","pattern":"("}]}', /values\[0\]\.pattern is "\(": not a regular expression/],
  ['{"values":[{"name":"x","pattern":"(?=a)b"}]}', /no look-around/],
  ['{"values":[{"name":"x","pattern":"a*"}]}', /does not match the empty text/],
  ['{"action":"shred"}', /action is "shred": expected redact, hmac, drop or cut:N/],
  ['{"optIn":["fax"]}', /optIn\[0\] is "fax": expected one of email, phone, ip/],
])("rules that cannot be used are refused with rule, field and what is allowed: %s", (json, message) => {
  expect(() => parseRedactionRules(json, hmacKey)).toThrow(message);
});

test("keyed tokens need a key", () => {
  expect(() => parseRedactionRules('{"action":"hmac"}')).toThrow(/THROUGHLINE_REDACTION_KEY/);
});
