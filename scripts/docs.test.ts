import { errorTable } from "@throughline/api";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { parseWhere } from "../packages/traces/src/api/throughline/where.ts";

const root = new URL("../", import.meta.url).pathname;
const read = (file: string) => readFileSync(`${root}${file}`, "utf8");
const documents = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

test("docs/errors.md lists exactly the codes of the error table, with their status and words", () => {
  const rows = [...read("docs/errors.md").matchAll(/^\| `(TL_\w+)` \| (\S+) \| (.+) \| (.+) \|$/gm)].map(
    ([, code, status, title, remedy]) => ({
      code,
      status: status === "-" ? null : Number(status),
      title,
      remedy,
    }),
  );
  const table = Object.entries(errorTable).map(([code, row]) => ({ code, ...row }));
  expect(rows).toEqual(table.toSorted((a, b) => (a.code < b.code ? -1 : 1)));
});

test("every relative link of the documents leads to a file", () => {
  const dead = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
      .map(([, target]) => new URL(target ?? "", `file://${root}${file}`).pathname)
      .filter((path) => !existsSync(path))
      .map((path) => `${file}: ${path.slice(root.length)}`),
  );
  expect(dead).toEqual([]);
});

/** As GitHub names the place of a heading. */
function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

test("every link into a document leads to a heading of it", () => {
  const headings = new Map(
    documents.map((file) => [
      file,
      [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading ?? "")),
    ]),
  );
  const dead = documents.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)#([^)\s]+)\)/g)]
      .map(([, target, anchor]) => {
        const path =
          target === "" ? file : new URL(target ?? "", `file://${root}${file}`).pathname.slice(root.length);
        return { path, anchor: anchor ?? "" };
      })
      .filter(({ path, anchor }) => path.endsWith(".md") && headings.get(path)?.includes(anchor) !== true)
      .map(({ path, anchor }) => `${file}: ${path}#${anchor}`),
  );
  expect(dead).toEqual([]);
});

test("every document is found from the README, by links", () => {
  const found = new Set<string>();
  const open = ["README.md"];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (found.has(file)) continue;
    found.add(file);
    for (const [, target = ""] of read(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
      const path = new URL(target, `file://${root}${file}`).pathname.slice(root.length);
      open.push(...documents.filter((one) => one === path || dirname(one) === path.replace(/\/$/, "")));
    }
  }
  expect(documents.filter((file) => file.startsWith("docs/") && !found.has(file))).toEqual([]);
});

test("every npm script that the documents show exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const shown = documents.flatMap((file) =>
    [...read(file).matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name ?? ""),
  );
  expect(shown.filter((name) => scripts[name] === undefined)).toEqual([]);
});

test("the version of the command is the package's", async () => {
  const { version } = await import("../apps/cli/src/version.ts");
  expect(version).toBe((JSON.parse(read("package.json")) as { version: string }).version);
});

test("every condition that docs/search.md shows can be read", () => {
  const shown = [...read("docs/search.md").matchAll(/```where\n([^`]+)```/g)].flatMap(([, lines]) =>
    (lines ?? "").trim().split("\n"),
  );
  expect(shown.length).toBeGreaterThan(3);
  for (const condition of shown) expect(() => parseWhere(condition), condition).not.toThrow();
});
