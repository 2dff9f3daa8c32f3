import { expect, test } from "vitest";
import type { GatheredContext } from "../ticket.ts";
import { exampleContext, exampleTicket } from "./example-context.ts";
import { countWords } from "./limit-words.ts";
import { buildPrompt } from "./prompt.ts";
import { readModelNote } from "./note-schema.ts";

const prompt = buildPrompt(exampleTicket, exampleContext, { text: (text) => text }, "English");

function read(answer: unknown, context: GatheredContext = exampleContext) {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  const { note, removed } = readModelNote(text, context, "m", {
    ticket: exampleTicket,
    prompt,
    language: "en",
  });
  return { note, removed, claimsRemoved: Object.values(removed).reduce((sum, count) => sum + count, 0) };
}

const steps = (...items: unknown[]) => ({ recommended_next_steps: items });

test.each([
  ["in a fence", '```json\n{"similar_tickets": []}\n```'],
  ["in a sentence", 'Here is the note: ```json\n{"similar_tickets": []}\n``` I hope it helps.'],
  ["after its thinking", '<think>Let me see {"a": 1}</think>\n{"similar_tickets": []}'],
])("JSON %s is read", (_name, text) => expect(read(text).note.sections).toHaveLength(4));

test.each([
  "",
  "null",
  "[]",
  '"text"',
  "{}",
  '{"similar_tickets": {}}',
  '{"similar_tickets": [',
  "{".repeat(100_000),
])("an answer of another form is refused: %.20s", (text) =>
  expect(() => read(text)).toThrow(expect.objectContaining({ code: "TL_LLM_FAILED" }) as Error),
);

test("an item of another form costs itself alone", () => {
  const { note, claimsRemoved } = read(
    steps(
      { text: "Restart it.", sources: [1] },
      "Restart it.",
      { text: 5, sources: [1] },
      { text: "No sources" },
      null,
    ),
  );
  expect(note.sections[3]?.items).toEqual([{ text: "Restart it.", sources: [1] }]);
  expect(claimsRemoved).toBe(4);
});

test("numbers written as text count, repeated ones once", () => {
  const { note } = read(
    steps({ text: "Restart it.", sources: ["1", 1, "[3]"] }, { text: "Start it.", sources: 2 }),
  );
  expect(note.sections[3]?.items.map(({ sources }) => sources)).toEqual([[1, 3], [2]]);
});

test.each([
  ["<b>Restart</b> it<br/>now", "Restart it now"],
  ["ping <host> until it takes < 5 ms and > 1 ms", "ping <host> until it takes < 5 ms and > 1 ms"],
  ["Renew it [1], [2, 3].", "Renew it."],
  ["Renew it【1】 now 【3:0†source】.", "Renew it now."],
  ["Renew [1] and [2], then wait [12].", "Renew, then wait."],
  ["<img src=x onerror=alert(1)>Look", "Look"],
])("an item is plain text: %s", (text, plain) => {
  expect(read(steps({ text, sources: [1] })).note.sections[3]?.items[0]?.text).toBe(plain);
});

test("a link stays only where a source holds it", () => {
  const [ticket] = exampleContext.tickets;
  const excerpt = "See https://intranet.example/vpn for the form.";
  const context = { ...exampleContext, tickets: ticket === undefined ? [] : [{ ...ticket, excerpt }] };
  const answer = steps(
    { text: "Fill in the form at https://intranet.example/vpn.", sources: [1] },
    { text: "Fill in the form at https://intranet.example.evil.test/vpn.", sources: [1] },
    { text: "Open file://share/setup.exe", sources: [1] },
  );
  const { note, claimsRemoved } = read(answer, context);
  expect(note.sections[3]?.items).toHaveLength(1);
  expect(claimsRemoved).toBe(2);
});

test("an answer that is too long is cut, and keeps something of every section", () => {
  const items = Array.from({ length: 30 }, (_, at) => ({
    text: `${at} ${"word ".repeat(40)}`,
    sources: [1],
  }));
  const { note, claimsRemoved } = read({
    similar_tickets: items,
    relevant_documentation: items,
    system_information: items,
    recommended_next_steps: items,
  });
  const words = note.sections.flatMap((section) => section.items).map(({ text }) => countWords(text));
  expect(words.reduce((sum, more) => sum + more, 0)).toBeLessThanOrEqual(500);
  for (const section of note.sections) expect(section.items.length).toBeGreaterThan(0);
  expect(claimsRemoved).toBe(0);
});
