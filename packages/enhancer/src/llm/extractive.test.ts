import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { GatheredContext, Note } from "../ticket.ts";
import { emptyContext, exampleContext, exampleSource, exampleTicket } from "./example-context.ts";
import { writeExtractiveNote } from "./extractive.ts";
import { countWords } from "./limit-words.ts";

const write = (context: GatheredContext) => writeExtractiveNote(exampleTicket, context, "unconfigured");

const itemsOf = (note: Note, title: string) =>
  note.sections.find((section) => section.title === title)?.items ?? [];

test("each section quotes what was found, with its source", () => {
  const note = write(exampleContext);
  expect(itemsOf(note, "Similar Tickets")[0]).toEqual({
    text: "VPN-2041: VPN fails with certificate expired. Resolved: The machine certificate had run out. Renewed it with certreq on the laptop while on the guest network, then restarted the VPN client.",
    sources: [1],
  });
  expect(itemsOf(note, "Relevant Documentation")[0]?.sources).toEqual([3]);
  expect(itemsOf(note, "System Information")).toEqual([
    { text: "10.20.0.1 is vpn01: VPN gateway, Head office, Server room A", sources: [4] },
  ]);
});

test("next steps are what was done and what the documents say to do, resolutions first", () => {
  expect(itemsOf(write(exampleContext), "Recommended Next Steps")).toEqual([
    {
      text: "What helped in VPN-2041: Renewed it with certreq on the laptop while on the guest network, then restarted the VPN client.",
      sources: [1],
    },
    { text: "What helped in VPN-1988: Moved vpn01 to the Sunday window.", sources: [2] },
    {
      text: 'From VPN: Certificates: When the client says "certificate expired", the laptop was away for too long. Connect it to the guest network, run `certreq -enroll -machine VPNMachine`, and restart the VPN client.',
      sources: [3],
    },
  ]);
});

test("a resolution without an action in it yields the sentence nearest to the ticket", () => {
  const excerpt = "Es war viel los an diesem Tag. Das Certificate der VPN war expired und nun neu.";
  const note = write({ ...emptyContext, tickets: [exampleSource({ excerpt })] });
  expect(itemsOf(note, "Recommended Next Steps").map(({ text }) => text)).toEqual([
    "What helped in VPN-1: Das Certificate der VPN war expired und nun neu.",
  ]);
});

test("a ticket that is only a little alike is named, its remedy is not advised", () => {
  const tickets = [
    exampleSource({ id: "VPN-1", score: 10, excerpt: "Restarted the VPN client." }),
    exampleSource({ id: "DISK-1", score: 3, excerpt: "Deleted all copies." }),
  ];
  const note = write({ ...emptyContext, tickets });
  expect(itemsOf(note, "Similar Tickets")).toHaveLength(2);
  expect(itemsOf(note, "Recommended Next Steps").map(({ sources }) => sources)).toEqual([[1]]);
});

test("tickets that were resolved in the same way are told once, with every source", () => {
  const excerpt = "Restarted the print spooler on print01 and deleted the stuck job.";
  const tickets = [
    exampleSource({ id: "PRT-1", title: "Queue stuck", excerpt }),
    exampleSource({ id: "PRT-2", title: "Nothing prints", excerpt: excerpt.replace("deleted", "removed") }),
    exampleSource({ id: "PRT-3", title: "Blank pages", excerpt: "Pulled the seal out of the new toner." }),
  ];
  const note = write({ ...emptyContext, tickets });
  expect(itemsOf(note, "Similar Tickets").map(({ sources }) => sources)).toEqual([[1, 2], [3]]);
  expect(itemsOf(note, "Recommended Next Steps").map(({ text, sources }) => [text, sources])).toEqual([
    [`What helped in PRT-1, PRT-2: ${excerpt}`, [1, 2]],
    ["What helped in PRT-3: Pulled the seal out of the new toner.", [3]],
  ]);
});

test("a ticket without a resolution says so and yields no step", () => {
  const note = write({ ...emptyContext, tickets: [exampleSource({ id: "VPN-1", title: "VPN fails." })] });
  expect(itemsOf(note, "Similar Tickets")[0]?.text).toBe("VPN-1: VPN fails. No resolution is recorded.");
  expect(itemsOf(note, "Recommended Next Steps")).toEqual([]);
});

test("where nothing was found there are four empty sections and no source", () => {
  const note = write({ ...emptyContext, missing: [{ part: "documentation", reason: "too late" }] });
  expect(note.sections.map(({ items }) => items.length)).toEqual([0, 0, 0, 0]);
  expect(note.sources).toEqual([]);
  expect(note.missing).toEqual([{ part: "documentation", reason: "too late" }]);
});

test("a note that would be too long keeps something of every section", () => {
  const long = `${"Replaced the word ".repeat(40)}in the end. `;
  const many = (kind: "ticket" | "document" | "system") =>
    Array.from({ length: 20 }, (_, at) =>
      exampleSource({ kind, id: `${kind}-${at}`, excerpt: `${at} ${long}` }),
    );
  const note = write({
    ...emptyContext,
    tickets: many("ticket"),
    documents: many("document"),
    systems: many("system"),
  });
  for (const { items } of note.sections) expect(items.length).toBeGreaterThan(0);
  expect(wordsIn(note)).toBeLessThanOrEqual(500);
});

const source = fc.record({
  id: fc.string({ minLength: 1, maxLength: 20 }),
  title: fc.string({ unit: "grapheme", maxLength: 80 }),
  excerpt: fc
    .array(fc.lorem({ mode: "sentences", maxCount: 3 }), { maxLength: 5 })
    .map((parts) => parts.join(" ")),
});

test("whatever is found: at most 500 words, each item cites what is there, the same input gives the same note", () => {
  fc.assert(
    fc.property(
      fc.array(source, { maxLength: 5 }),
      fc.array(source, { maxLength: 3 }),
      (tickets, documents) => {
        const context = {
          ...emptyContext,
          tickets: tickets.map((each) => exampleSource(each)),
          documents: documents.map((each) => exampleSource({ ...each, kind: "document" })),
        };
        const note = write(context);
        expect(write(structuredClone(context))).toEqual(note);
        expect(wordsIn(note)).toBeLessThanOrEqual(500);
        for (const { sources } of note.sections.flatMap(({ items }) => items)) {
          expect(sources.length).toBeGreaterThan(0);
          for (const number of sources) expect(note.sources[number - 1]).toBeDefined();
        }
      },
    ),
    { numRuns: 60 },
  );
});

function wordsIn(note: Note): number {
  return note.sections.flatMap(({ items }) => items).reduce((sum, { text }) => sum + countWords(text), 0);
}
