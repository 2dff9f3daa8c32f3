/**
 * `npm run release -- VERSION [--commit] [--tag]`, in a clean checkout: the version in every package, in the lock and wherever else it
 * stands, and the changelog's unreleased part under it with today's date. It commits, and tags `vVERSION`, only when asked.
 */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

/** Beside package.json: where the version of the release stands, and in which words. */
const alsoIn: readonly (readonly [file: string, before: string])[] = [
  ["apps/cli/src/version.ts", 'version = "'],
  ["packages/tracing/src/export/user-agent.ts", "throughline-tracing/"],
  ["packages/tracing/src/export/user-agent.ts", "OTel-OTLP-Exporter-JavaScript/"],
  ["deploy/compose/compose.yaml", "throughline:"],
  ["deploy/kubernetes/base/kustomization.yaml", "newTag: "],
];

const { values, positionals } = parseArgs({
  options: { commit: { type: "boolean", default: false }, tag: { type: "boolean", default: false } },
  allowPositionals: true,
});

const [version = "", ...more] = positionals;
if (!/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version) || more.length > 0)
  stop("say which version: npm run release -- 0.2.0 [--commit] [--tag]");
const before = (JSON.parse(readFileSync("package.json", "utf8")) as { version: string }).version;
if (isLower(version, before)) stop(`${version} is lower than ${before}, the present one`);
const changed = git("status", "--porcelain");
if (changed !== "") stop(`the checkout is not clean:\n${changed}`);

const files = new Map<string, string>();
moveUnreleased();
setVersions();
for (const [file, text] of files) writeFileSync(file, text);
process.stdout.write(`${before} -> ${version} in ${files.size} files\n`);
if (values.commit || values.tag) {
  git("add", ...files.keys());
  git("commit", "--quiet", "--message", `Release ${version}`);
}
if (values.tag) git("tag", "--annotate", `v${version}`, "--message", `Release ${version}`);

function moveUnreleased(): void {
  const changelog = read("CHANGELOG.md");
  if (changelog.split("\n").some((line) => line.startsWith(`## ${version} - `) && !/unreleased$/i.test(line)))
    stop(`${version} was released already, says CHANGELOG.md`);
  const heading = /^## (?:.* - )?unreleased$/im.exec(changelog)?.[0];
  if (heading === undefined) stop('CHANGELOG.md has no heading "## Unreleased"');
  const [, rest = ""] = changelog.split(heading);
  if ((rest.split(/^## /m)[0] ?? "").trim() === "") stop("nothing is unreleased, says CHANGELOG.md");
  const today = new Date().toISOString().slice(0, 10);
  files.set("CHANGELOG.md", changelog.replace(heading, `## Unreleased\n\n## ${version} - ${today}`));
}

function setVersions(): void {
  for (const file of ["package.json", ...globSync("{packages,apps}/*/package.json")])
    files.set(file, withVersion(read(file)));
  for (const [file, words] of alsoIn) {
    const text = read(file);
    if (!text.includes(words + before)) stop(`${file} does not say ${words}${before}`);
    files.set(file, text.replaceAll(words + before, words + version));
  }
  const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, object> };
  for (const path of Object.keys(lock.packages).filter((name) => !name.includes("node_modules")))
    lock.packages[path] = JSON.parse(withVersion(JSON.stringify(lock.packages[path], null, 2))) as object;
  const whole = { ...lock, version };
  files.set("package-lock.json", `${JSON.stringify(whole, null, 2)}\n`);
}

/** A manifest's own version, and those of ours that it needs: exactly the same. */
function withVersion(manifest: string): string {
  return manifest
    .replace(/^( +"version": ")[^"]*"/m, `$1${version}"`)
    .replaceAll(/("@throughline\/[a-z]+": ")[^"]*"/g, `$1${version}"`);
}

/** As it will be. */
function read(file: string): string {
  return files.get(file) ?? readFileSync(file, "utf8");
}

/** Numbers first; a version with a suffix comes before the same without. */
function isLower(one: string, other: string): boolean {
  const parts = (text: string) => (text.split("-")[0] ?? "").split(".").map(Number);
  const [left, right] = [parts(one), parts(other)];
  for (const [at, number] of left.entries()) if (number !== right[at]) return number < (right[at] ?? 0);
  return one.includes("-") && !other.includes("-");
}

function git(...args: string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trim();
}

function stop(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
