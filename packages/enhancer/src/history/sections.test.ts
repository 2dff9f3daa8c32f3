import { expect, test } from "vitest";
import { cutIntoSections } from "./sections.ts";

const cut = (path: string, text: string) => cutIntoSections(path, text, "name");

test("front matter titles the sections that have no first heading of their own, and is not text", () => {
  const front = '---\ntitle: "VPN guide"\nlayout: page\n---\n';
  expect(cut("a.md", `${front}Before.\n\n## Setup\n\nInstall.\n`)).toEqual([
    { anchor: "", title: "VPN guide", body: "Before." },
    { anchor: "setup", title: "VPN guide > Setup", body: "Install." },
  ]);
  expect(cut("a.md", `${front}# VPN\n\nText.\n`).map(({ title }) => title)).toEqual(["VPN"]);
});

test("HTML in Markdown says what it says without its tags, entities are letters", () => {
  const [section] = cut(
    "a.md",
    "Press <kbd>Ctrl</kbd> &amp; wait.\n\n<details>\n<p>More words</p>\n</details>\n",
  );
  expect(section?.body).toBe("Press Ctrl & wait.\n\nMore words");
});

test("an HTML page's title stands where it has no heading", () => {
  expect(cut("a.html", "<head><title>Mail help</title></head><p>Quota.</p><h2>Send</h2><p>Go.</p>")).toEqual([
    { anchor: "", title: "Mail help", body: "Quota." },
    { anchor: "send", title: "Mail help > Send", body: "Go." },
  ]);
});

test("a long section is cut between paragraphs, each part with an anchor of its own", () => {
  const paragraph = "word ".repeat(160).trim();
  const parts = cut("a.md", `# T\n\n${Array.from({ length: 6 }, () => paragraph).join("\n\n")}\n`);
  expect(parts.map(({ anchor }) => anchor)).toEqual(["t", "t-2", "t-3"]);
  expect(parts.every(({ body }) => body.length <= 2_000 && body.endsWith("word"))).toBe(true);
});

test("comments, scripts and what never closes leave no trace", () => {
  const html = "<h1>A</h1><!-- no --><script>no()</script><p>yes</p><!-- open <p>no</p>";
  expect(cut("a.html", html)).toEqual([{ anchor: "a", title: "A", body: "yes" }]);
});

test.each([
  ["a list", Array.from({ length: 3_000 }, (_, at) => `${" ".repeat(at * 2)}- x`).join("\n")],
  ["quotes", `${">".repeat(20_000)} x`],
  ["emphasis", "_a_".repeat(20_000)],
  ["brackets", "[".repeat(50_000)],
])("%s nested or repeated without end is read in time", (_what, text) => {
  expect(() => cut("a.md", text)).not.toThrow();
});

test("elements nested without sense are refused", () => {
  expect(() => cut("a.html", "<div>".repeat(100_000))).toThrow("more than 500 deep");
  expect(cut("a.html", "<p>x".repeat(5_000)).length).toBeGreaterThan(1);
});
