/**
 * `npm run advisories`: what is known against the production dependencies, by `npm audit`. Exit code 0: nothing, or nothing but what
 * docs/release.md explains; 1: there is something else; 3: the registry was not to be asked, so nobody knows.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

interface Advisory {
  id: string;
  package: string;
  severity: string;
  title: string;
}

/** What `npm audit --json` says. Undefined: it is no answer about advisories. */
export function advisoriesOf(json: string): Advisory[] | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(json);
  } catch {
    return undefined;
  }
  const { vulnerabilities } = answer as {
    vulnerabilities?: Record<string, { via: (string | { url: string; title: string; severity: string })[] }>;
  };
  if (vulnerabilities === undefined) return undefined;
  const found = Object.entries(vulnerabilities).flatMap(([name, { via }]) =>
    // A text names another package on this list, through which this one is touched.
    via.flatMap((one) =>
      typeof one === "string"
        ? []
        : [
            {
              id: one.url.split("/").at(-1) ?? one.url,
              package: name,
              severity: one.severity,
              title: one.title,
            },
          ],
    ),
  );
  return found;
}

/** Advisories that the release notes explain: rows `| GHSA-... | why it does not touch us |`. */
export function explainedIn(document: string): Set<string> {
  return new Set([...document.matchAll(/^\| (GHSA-[\w-]+) \| .+ \|$/gm)].map(([, id = ""]) => id));
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url).pathname;
  const { stdout, stderr } = spawnSync("npm", ["audit", "--omit=dev", "--json"], {
    cwd: root,
    encoding: "utf8",
  });
  const advisories = advisoriesOf(stdout);
  if (advisories === undefined) {
    process.stderr.write(
      `The registry could not be asked for advisories: nothing is known.\n${stderr || stdout}`,
    );
    process.exitCode = 3;
  } else {
    const explained = explainedIn(readFileSync(`${root}docs/release.md`, "utf8"));
    const open = advisories.filter(({ id }) => !explained.has(id));
    for (const { id, package: name, severity, title } of open)
      process.stderr.write(`${id} ${name} (${severity}): ${title}\n`);
    process.stdout.write(`${advisories.length} advisories, ${open.length} of them not explained\n`);
    process.exitCode = open.length === 0 ? 0 : 1;
  }
}
