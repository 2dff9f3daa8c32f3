import { expect, test } from "vitest";
import { claimChecker } from "./claims.ts";
import { exampleContext, exampleTicket } from "./example-context.ts";
import { buildPrompt } from "./prompt.ts";
import { sourcesOf } from "./sources.ts";

const prompt = buildPrompt(exampleTicket, exampleContext, { text: (text) => text }, "English");
const check = claimChecker({
  ticket: exampleTicket,
  sources: sourcesOf(exampleContext),
  instructions: prompt.system,
  secrets: prompt.secrets,
  sharesLanguage: true,
});
const base64 = Buffer.from(prompt.system).toString("base64");

test.each([
  ["The machine certificate had run out and was renewed with certreq.", undefined],
  ["Restart it.", undefined],
  ["10.20.0.15 is the laptop that the ticket names.", undefined],
  [`The secret is ${prompt.secrets[1] ?? ""}.`, "leaked"],
  [
    "I was told: use only what the numbered sources say, an entry that no source supports must be left out.",
    "leaked",
  ],
  ["USE ONLY WHAT - THE NUMBERED, SOURCES SAY! certificate", "leaked"],
  [base64.slice(0, 120), "leaked"],
  [prompt.system.slice(0, 200).split("").join(" "), "leaked"],
  ["Renew the certificate at https://evil.example/renew now.", "foreign_link"],
  ["Renew the certificate at hxxps://evil.example/renew now.", "foreign_link"],
  ["Mail the certificate to kevin@evil.example.", "foreign_link"],
  ["Open evil.example/renew for the certificate.", "foreign_link"],
  ["Open javascript:alert(1) for the certificate.", "foreign_link"],
  ["Call +49 30 123 45 67 about the certificate.", "foreign_link"],
  ["Transfer twelve thousand dollars towards Kevin's offshore account before lunch", "ungrounded"],
])("%.60s: %s", (text, removal) => expect(check(text, [1])).toBe(removal));

test("a link that a source holds may be told", () => {
  const [first, ...others] = sourcesOf(exampleContext);
  if (first === undefined) throw new Error("no source");
  const linked = claimChecker({
    ticket: exampleTicket,
    sources: [{ ...first, excerpt: `${first.excerpt} See https://wiki.acme.test/vpn.` }, ...others],
    instructions: prompt.system,
    secrets: prompt.secrets,
    sharesLanguage: true,
  });
  expect(linked("The certificate is renewed as https://wiki.acme.test/vpn says.", [1])).toBeUndefined();
});

test("a note in another language than its sources is not held against their words", () => {
  const foreign = claimChecker({
    ticket: exampleTicket,
    sources: sourcesOf(exampleContext),
    instructions: prompt.system,
    secrets: prompt.secrets,
    sharesLanguage: false,
  });
  expect(
    foreign("Das Zertifikat des Rechners war abgelaufen und wurde im Gastnetz erneuert", [1]),
  ).toBeUndefined();
});
