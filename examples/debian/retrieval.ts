/**
 * Retrieval on text that nobody here wrote: held-out bug entries are asked of all the others. Relevant is what is about the same
 * package: other entries of it, and its own documentation (README, NEWS and the like). Weights are tuned on one half of those held
 * out; asked here is the other one.
 *
 * node examples/debian/retrieval.ts [--tuned] [--postgres URL] [WORK_DIRECTORY]
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BugEntry, holdOutHalves, readBugEntries, toResolvedTicket } from "./changelogs.ts";
import { collectDocuments, collectPackageDocuments, requirePackages } from "./documents.ts";

const command = new URL("../../node_modules/.bin/throughline", import.meta.url).pathname;
const args = process.argv.slice(2);
const named = args.indexOf("--postgres");
const [postgres] = named < 0 ? [] : args.splice(named, 2).slice(1);
const isTuned = args.includes("--tuned");
if (isTuned) args.splice(args.indexOf("--tuned"), 1);

requirePackages();
const work = args[0] ?? mkdtempSync(join(tmpdir(), "throughline-debian-"));
mkdirSync(work, { recursive: true });
const { held, kept } = holdOutHalves(readBugEntries("/usr/share/doc"));
const asked = held[isTuned ? "tuned" : "reported"];
const history = join(work, "history.jsonl");
writeFileSync(history, kept.map((entry) => `${JSON.stringify(toResolvedTicket(entry))}\n`).join(""));
const documents = join(work, "documents");
rmSync(documents, { recursive: true, force: true });
collectDocuments(documents);
collectPackageDocuments(documents);

for (const [name, wording] of [
  [
    "the reporter names the package",
    (entry: BugEntry) => `Problem with the package ${entry.package} after the last upgrade: ${entry.done}`,
  ],
  ["the reporter names no package", (entry: BugEntry) => entry.done.replaceAll(entry.package, "it")],
  ["every fourth word is misspelt", (entry: BugEntry) => misspelt(`${entry.package}: ${entry.done}`)],
] as const) {
  const queries = join(work, `queries-${name.replaceAll(" ", "-")}.jsonl`);
  const lines = asked.map((entry) => ({ query: wording(entry), relevant: relevantTo(entry) }));
  writeFileSync(queries, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  process.stdout.write(`\n${name}:\n`);
  const options = ["--history", history, "--docs", documents, "--queries", queries];
  execFileSync(
    command,
    ["eval", "retrieval", ...options, ...(postgres === undefined ? [] : ["--postgres", postgres])],
    {
      stdio: "inherit",
    },
  );
}

function relevantTo({ package: name }: BugEntry): string[] {
  const siblings = kept.filter((entry) => entry.package === name).map(({ bug }) => `DEB-${bug}`);
  const own = join(documents, "packages", name);
  const files = existsSync(own) ? readdirSync(own).map((file) => `documents/packages/${name}/${file}`) : [];
  return [...siblings, ...files];
}

/** Two letters in the middle change places: what hurried fingers do. */
function misspelt(text: string): string {
  return text
    .split(" ")
    .map((word, at) => {
      if (at % 4 !== 0 || word.length < 6) return word;
      const middle = Math.floor(word.length / 2);
      return word.slice(0, middle) + (word[middle + 1] ?? "") + (word[middle] ?? "") + word.slice(middle + 2);
    })
    .join(" ");
}
