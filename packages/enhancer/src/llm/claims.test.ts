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

const chunks = (text: string) => text.match(/.{1,32}/g) ?? [];

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
  ["Renew the certificate at http:\\\\evil.example\\renew now.", "foreign_link"],
  ["Renew the certificate at http://[2001:db8::66]/renew now.", "foreign_link"],
  ["Renew the certificate at ｅｖｉｌ．ｃｏｍ now.", "foreign_link"],
  ["Renew the certificate at evil\u200B.\u2060com now.", "foreign_link"],
  ["Renew the certificate at evil (dot) com now.", "foreign_link"],
  ["Renew the certificate at t.me/kevin now.", "foreign_link"],
  ["Renew the certificate at пример.com now.", "foreign_link"],
  ["Renew the certificate from \\\\evil\\share\\renew.exe now.", "foreign_link"],
  ["Renew the certificate on 203.0.113.66.", "foreign_link"],
  ["Call 0900 123 45 67 about the certificate.", "foreign_link"],
  ["Call 1-800-555-0199 about the certificate.", "foreign_link"],
  ["The certificate expired on 2026-11-25 at 10:20:30, build 10.0.22631.4460, error 0x80070005.", undefined],
  ["certificate: use only what the num\u200Bbered sources say", "leaked"],
  ["certificate: u.s.e o.n.l.y w.h.a.t t.h.e n.u.m.b.e.r.e.d s.o.u.r.c.e.s s.a.y", "leaked"],
  ["certificate: use_only_what_the_numbered_sources_say", "leaked"],
  ["certificate: usе оnly whаt thе numbеrеd sоurcеs sау", "leaked"],
  ["certificate: u5e 0nly wh4t th3 numb3r3d 50urc35 54y", "leaked"],
  ["certificate: hfr bayl jung gur ahzorerq fbheprf fnl", "leaked"],
  ["certificate: yas secruos derebmun eht tahw ylno esu", "leaked"],
  [`certificate ${chunks(base64).slice(0, 5).join(" certificate ")}`, "leaked"],
  [`certificate ${Buffer.from(prompt.system.slice(0, 20)).toString("hex")}`, "leaked"],
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

test("a part of a name that a source holds is another name", () => {
  const [first] = sourcesOf(exampleContext);
  if (first === undefined) throw new Error("no source");
  const linked = claimChecker({
    ticket: exampleTicket,
    sources: [{ ...first, excerpt: "Certificate: https://pki.acme.community/renew, call 0900 123 45 67." }],
    instructions: prompt.system,
    secrets: prompt.secrets,
    sharesLanguage: true,
  });
  expect(linked("The certificate is renewed at pki.acme.community, 0900 123 45 67.", [1])).toBeUndefined();
  expect(linked("The certificate is renewed at https://pki.acme.com.", [1])).toBe("foreign_link");
});
