import { parse } from "node-html-parser";
import { expect, test } from "vitest";
import type { Note, Source } from "../ticket.ts";
import { renderNoteHtml } from "./html.ts";
import { phrasesFor } from "./phrases.ts";

const meta = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", marker: "tl-0123456789abcdef0123" };

const source = (kind: Source["kind"], id: string, more: Partial<Source> = {}): Source => ({
  kind,
  id,
  title: `title of ${id}`,
  excerpt: "",
  score: 1,
  why: "words: vpn",
  ...more,
});

const section = (title: string, ...items: { text: string; sources: number[] }[]) => ({ title, items });

const note: Note = {
  language: "en",
  sections: [
    section("Similar Tickets", { text: "It was renewed.", sources: [3] }),
    section("Relevant Documentation"),
    section("System Information"),
    section("Recommended Next Steps", { text: "Renew it.", sources: [3, 1] }),
  ],
  sources: [source("ticket", "VPN-1"), source("ticket", "VPN-2"), source("ticket", "VPN-3")],
  writer: { kind: "extractive", because: "unconfigured" },
  missing: [],
};
const nothing: Note = {
  ...note,
  sections: note.sections.map(({ title }) => section(title)),
  sources: [],
};

test("the note is labelled, private, and carries trace id and marker as visible text", () => {
  const html = renderNoteHtml(note, meta);
  expect(html).toContain("Automatic note by Throughline</b> (private)");
  expect(html).toContain(`trace ${meta.traceId}`);
  expect(html).toContain(`ref: ${meta.marker}`);
  expect(html).not.toContain("<!--");
});

test("citations are numbered by a list that holds the cited sources and no others", () => {
  const root = parse(renderNoteHtml(note, meta));
  const items = root.querySelectorAll("ul li").map(({ text }) => text);
  expect(items).toEqual(["It was renewed. [1]", "Renew it. [1][2]"]);
  expect(root.querySelectorAll("ol li").map(({ text }) => text)).toEqual([
    "Ticket VPN-3: title of VPN-3 (words: vpn)",
    "Ticket VPN-1: title of VPN-1 (words: vpn)",
  ]);
  expect(root.text).toContain("Found and not used: 1");
});

test.each([
  [{ kind: "model", model: "gpt-4o-mini" }, "Written by the model gpt-4o-mini from the sources below."],
  [{ kind: "extractive", because: "unconfigured" }, "No model was used. What follows is quoted"],
  [{ kind: "extractive", because: "failed" }, "No model was used: the configured model failed."],
] as const)("the reader is told who wrote: %j", (writer, line) => {
  expect(renderNoteHtml({ ...note, writer }, meta)).toContain(line);
});

test("where nothing was found, each section says so", () => {
  const text = parse(renderNoteHtml(nothing, meta)).text;
  expect(text).toContain("no resolved ticket is similar");
  expect(text).toContain("no document matches");
  expect(text).toContain("names no address that the inventory knows");
  expect(text).toContain("Nothing was found that a next step could be based on.");
  expect(text).not.toContain("Sources");
});

test("a section is not called empty where its search did not end, and the reason is told", () => {
  const missing = [{ part: "ticket_history" as const, reason: "Timeout waiting for ticket history" }];
  const text = parse(renderNoteHtml({ ...nothing, missing }, meta)).text;
  expect(text).not.toContain("no resolved ticket is similar");
  expect(text).toContain("Not searched to the end");
  expect(text).toContain("This note is incomplete:");
  expect(text).toContain("ticket history: Timeout waiting for ticket history");
});

test("what was found and not used is not denied", () => {
  const html = renderNoteHtml({ ...nothing, sources: [source("ticket", "VPN-1")] }, meta);
  expect(html).toContain("What was found was not used.");
  expect(html).not.toContain("no resolved ticket is similar");
});

test("what nobody sees goes, and numbers in any brackets are no citations; joiners stay", () => {
  const text = "Re\u200Bstart\u00AD \u{E0049}it\u2060 【2】 ［３］ \u{1F469}\u200D\u{1F527}";
  const html = renderNoteHtml(
    { ...nothing, sections: [section("t", { text, sources: [1] })], sources: [source("ticket", "VPN-1")] },
    meta,
  );
  expect(html).toContain("<li>Restart it (2) (３) \u{1F469}\u200D\u{1F527} [1]</li>");
});

test("whatever stands in texts, ids, titles and names is escaped", () => {
  const evil = `<script>alert("x")</script><img src=x onerror='alert(1)'>&amp;[9]\u202E\u0000`;
  const html = renderNoteHtml(
    {
      language: "en",
      sections: [section(evil, { text: evil, sources: [1] })],
      sources: [source("document", evil, { title: evil, why: evil })],
      writer: { kind: "model", model: evil },
      missing: [{ part: "ip_lookup", reason: evil }],
    },
    { traceId: "4bf9", marker: evil, traceUrl: `https://x.example/"${evil}` },
  );
  const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag]) => tag));
  expect(tags).toEqual(new Set(["a", "b", "br", "h4", "i", "li", "ol", "p", "small", "ul"]));
  const attributes = parse(html)
    .querySelectorAll("*")
    .flatMap((element) => Object.keys(element.attributes));
  expect(attributes).toEqual(["href"]);
  expect(html.split("<p><small>trace")[0]).not.toContain("[9]");
});

test("the trace is linked over HTTP and in no other way", () => {
  const url = `https://desk.example/trace/${meta.traceId}?a=1&b=2`;
  expect(
    parse(renderNoteHtml(note, { ...meta, traceUrl: url }))
      .querySelector("a")
      ?.getAttribute("href"),
  ).toBe(url);
  expect(renderNoteHtml(note, { ...meta, traceUrl: "javascript:alert(1)" })).not.toContain("<a");
});

test("a huge note stays under 20 kB, and its citations still resolve", () => {
  const huge = "&".repeat(5_000);
  const sources = Array.from({ length: 60 }, (_, at) =>
    source("system", `${at} ${huge}`, { title: huge, why: huge }),
  );
  const items = Array.from({ length: 50 }, () => ({ text: huge, sources: sources.map((_, at) => at + 1) }));
  const html = renderNoteHtml(
    {
      language: "en",
      sections: note.sections.map(({ title }) => section(title, ...items)),
      sources,
      writer: { kind: "model", model: huge },
      missing: Array.from({ length: 3 }, () => ({ part: "documentation", reason: huge })),
    },
    meta,
  );
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(20_000);
  expect(html).toContain(meta.marker);
  const listed = parse(html).querySelectorAll("ol li").length;
  const numbers = [...html.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number));
  expect(numbers.length).toBeGreaterThan(0);
  expect(Math.max(...numbers)).toBeLessThanOrEqual(listed);
});

test("a citation of a source that is not there is left out", () => {
  const wrong = { ...note, sections: [section("Similar Tickets", { text: "Renewed.", sources: [1, 9] })] };
  expect(parse(renderNoteHtml(wrong, meta)).querySelector("ul li")?.text).toBe("Renewed. [1]");
});

test("a tenant's template orders and words the note; label, sources and footer stay, and its HTML is cut down", () => {
  const template =
    '<h1>Acme</h1><p onclick="x()">Do this first:</p>{{recommended_next_steps}}<script>alert(1)</script>{{ similar_tickets }}{{nonsense}} R&D <a href="http://evil.example">x</a>';
  const html = renderNoteHtml(note, { ...meta, template });
  const root = parse(html);
  expect(html).toContain("Automatic note by Throughline</b> (private)");
  expect(html).toContain(`ref: ${meta.marker}`);
  expect(root.querySelectorAll("h4").map(({ text }) => text)).toEqual([
    "Recommended Next Steps",
    "Similar Tickets",
    "Sources",
  ]);
  expect(html).toContain("<p>Do this first:</p>");
  expect(html).toContain("R&#38;D");
  for (const gone of ["<h1", "<script", "onclick", "evil.example", "nonsense", "{{"])
    expect(html).not.toContain(gone);
});

test("a template that leaves no room for the note is not used", () => {
  const html = renderNoteHtml(note, { ...meta, template: `${"x".repeat(19_990)}{{sources}}` });
  expect(html).toContain("Similar Tickets");
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(20_000);
});

test.each([
  ["de", "Ähnliche Tickets"],
  ["fr-CA", "Tickets similaires"],
  ["es", "Fuentes"],
  ["sw", "Similar Tickets"],
])("fixed phrases of %s", (language, phrase) => {
  const sections = note.sections.map((one, at) => ({
    ...one,
    title: phrasesFor(language).sections[at] ?? "",
  }));
  expect(renderNoteHtml({ ...note, language, sections }, meta)).toContain(phrase);
});
