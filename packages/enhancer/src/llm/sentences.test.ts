import { expect, test } from "vitest";
import { likeness, rarityIn, sentencesOf, stemsOf } from "./sentences.ts";

test.each([
  ["Restarted it. It works.", ["Restarted it.", "It works."]],
  ["1. Open the settings. 2. Press Reset.", ["1. Open the settings.", "2. Press Reset."]],
  ["Use a tool, e.g. Certreq, to renew it. Done.", ["Use a tool, e.g. Certreq, to renew it.", "Done."]],
  ["First line\nsecond line", ["First line", "second line"]],
  ["Set it to v1.2.3 on 10.0.0.1 and wait", ["Set it to v1.2.3 on 10.0.0.1 and wait"]],
  ["  \n ... \n", []],
  ["", []],
])("sentences of %j", (text, sentences) => expect(sentencesOf(text)).toEqual(sentences));

test("texts are alike by the stems of their words", () => {
  expect(likeness(stemsOf("Renewed the certificates"), stemsOf("renewed THE certificate"))).toBe(1);
  expect(likeness(stemsOf("Renewed the certificate"), stemsOf("Printer is empty"))).toBe(0);
  expect(likeness(stemsOf(""), stemsOf(""))).toBe(0);
});

test("a word that stands in every sentence tells nothing", () => {
  const rarity = rarityIn([stemsOf("the printer"), stemsOf("the toner"), stemsOf("the spooler")]);
  expect(rarity("the")).toBe(0);
  expect(rarity("toner")).toBeGreaterThan(0);
});
