/**
 * `npm run licences`: every production dependency with its licence, as Markdown, from the lock. Exit code 1 where one has no licence that is
 * allowed.
 */
import { readFileSync } from "node:fs";

/** They ask for no more than that their text is passed on. */
export const allowed: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "Unlicense",
]);

interface Dependency {
  name: string;
  version: string;
  licence: string;
}

interface Lock {
  packages: Record<string, { version?: string; license?: string; dev?: boolean; link?: boolean }>;
}

export function productionDependencies(lock: Lock): Dependency[] {
  const found = Object.entries(lock.packages).flatMap(([path, { version = "", license, dev, link }]) => {
    const name = path.split("node_modules/").at(-1) ?? "";
    if (!path.includes("node_modules/") || dev === true || link === true) return [];
    return [{ name, version, licence: license ?? "none" }];
  });
  const once = new Map(found.map((one) => [`${one.name}@${one.version}`, one]));
  return [...once.values()].toSorted((a, b) => a.name.localeCompare(b.name));
}

/** SPDX: one of `A OR B`, all of `A AND B`. */
export function isAllowed(licence: string): boolean {
  const text = licence.replace(/^\((.*)\)$/, "$1");
  if (text.includes(" OR ")) return text.split(" OR ").some(isAllowed);
  return text.split(" AND ").every((one) => allowed.has(one));
}

if (import.meta.main) {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as Lock;
  const all = productionDependencies(lock);
  const counts = Object.entries(Object.groupBy(all, ({ licence }) => licence));
  const lines = [
    `# Licences of ${all.length} production dependencies`,
    "",
    "| licence | packages |",
    "|---|---|",
    ...counts
      .toSorted(([, a = []], [, b = []]) => b.length - a.length)
      .map(([licence, packages = []]) => `| ${licence} | ${packages.length} |`),
    "",
    "| package | version | licence |",
    "|---|---|---|",
    ...all.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  const wrong = all.filter(({ licence }) => !isAllowed(licence));
  for (const { name, version, licence } of wrong)
    process.stderr.write(`${name} ${version}: ${licence} is not among the allowed licences\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
