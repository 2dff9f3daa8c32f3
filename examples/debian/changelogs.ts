import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

/** One bug that a changelog says was closed. */
export interface BugEntry {
  /** Debian's bug number. */
  bug: string;
  package: string;
  version: string;
  /** Of the upload, ISO 8601. */
  date: string;
  /** What was done, in one line, without the `Closes:` part. */
  done: string;
}

const header = /^(\S+) \(([^)]+)\) /;
const trailer = /^ -- .+<[^>]*> {2}(.+)$/;
const closes = /\(?\bcloses:?\s*((?:bug)?\s*#?\d+(?:\s*,\s*(?:bug)?\s*#?\d+)*)\)?\.?/gi;
const bounds = { least: 40, most: 2_000 };

/** Reads the changelogs of all installed packages; a bug that several close counts once, the newest upload first. */
export function readBugEntries(folder: string): BugEntry[] {
  const entries = new Map<string, BugEntry>();
  for (const name of readdirSync(folder).sort()) {
    for (const file of ["changelog.Debian.gz", "changelog.gz"]
      .map((base) => join(folder, name, base))
      .filter((path) => existsSync(path))) {
      for (const entry of parseChangelog(gunzipSync(readFileSync(file)).toString("utf8"))) {
        const known = entries.get(entry.bug);
        if (known === undefined || known.date < entry.date) entries.set(entry.bug, entry);
      }
    }
  }
  return [...entries.values()].sort((a, b) => Number(a.bug) - Number(b.bug));
}

/** The format of deb-changelog(5): a header, bullets, a trailer with the date. What is not of that form is passed over. */
function parseChangelog(text: string): BugEntry[] {
  const entries: BugEntry[] = [];
  let upload: { package: string; version: string; bullets: string[] } | undefined;
  for (const line of text.split("\n")) {
    const [, name, version] = header.exec(line) ?? [];
    const date = trailer.exec(line)?.[1];
    if (name !== undefined && version !== undefined) upload = { package: name, version, bullets: [] };
    else if (upload !== undefined && date !== undefined) {
      entries.push(...toEntries(upload, date));
      upload = undefined;
    } else if (upload !== undefined) addLine(upload.bullets, line);
  }
  return entries;
}

function addLine(bullets: string[], line: string): void {
  if (/^\s+[*+-] /.test(line)) bullets.push(line.trim().slice(2));
  else if (line.trim() !== "" && !/^\s+\[ .* \]$/.test(line) && bullets.length > 0)
    bullets[bullets.length - 1] += ` ${line.trim()}`;
}

function toEntries(
  upload: { package: string; version: string; bullets: string[] },
  date: string,
): BugEntry[] {
  const time = Date.parse(date);
  if (Number.isNaN(time)) return [];
  return upload.bullets.flatMap((bullet) => {
    const bugs = [...bullet.matchAll(closes)].flatMap(([, list]) => (list ?? "").match(/\d{4,}/g) ?? []);
    const done = bullet
      .replace(closes, "")
      .replace(/\s+/g, " ")
      .replace(/\s+([.,])/g, "$1")
      .trim();
    if (done.length < bounds.least || done.length > bounds.most) return [];
    return bugs.map((bug) => ({
      bug,
      package: upload.package,
      version: upload.version,
      date: new Date(time).toISOString(),
      done,
    }));
  });
}

/** Takes so many entries out, spread over packages that have others left, always the same ones for the same changelogs. */
export function holdOut(entries: readonly BugEntry[], count: number): { held: BugEntry[]; kept: BugEntry[] } {
  const perPackage = Map.groupBy(entries, (entry) => entry.package);
  const rich = [...perPackage].filter(([, list]) => list.length >= 8).sort(([a], [b]) => (a < b ? -1 : 1));
  const step = rich.length / count;
  const held = Array.from(
    { length: Math.min(count, rich.length) },
    (_, at) => rich[Math.floor(at * step)]?.[1],
  ).flatMap((list) => {
    const newest = list?.toSorted((a, b) => (a.date < b.date ? 1 : -1))[0];
    return newest === undefined ? [] : [newest];
  });
  const bugs = new Set(held.map(({ bug }) => bug));
  return { held, kept: entries.filter(({ bug }) => !bugs.has(bug)) };
}

export type Half = "tuned" | "reported";

/**
 * For measuring retrieval: of each package that has enough, four bullets are taken out with every bug they close, chosen by hash, and
 * the hash says which half they belong to: weights are tuned on one, figures are of the other.
 */
export function holdOutHalves(entries: readonly BugEntry[]): {
  held: Record<Half, BugEntry[]>;
  kept: BugEntry[];
} {
  const held: Record<Half, BugEntry[]> = { tuned: [], reported: [] };
  const taken = new Set<string>();
  for (const [, list] of Map.groupBy(entries, (entry) => entry.package)) {
    const bullets = new Map(list.map((entry) => [bulletOf(entry), entry]));
    if (bullets.size < bulletsNeeded) continue;
    for (const [bullet, entry] of [...bullets].sort(([a], [b]) => (a < b ? -1 : 1)).slice(0, bulletsTaken)) {
      taken.add(bullet);
      held[Number.parseInt(bullet.at(-1) ?? "", 16) % 2 === 0 ? "tuned" : "reported"].push(entry);
    }
  }
  return { held, kept: entries.filter((entry) => !taken.has(bulletOf(entry))) };
}

const bulletsNeeded = 8;
const bulletsTaken = 4;

/** A bullet that closes several bugs is several entries of the same words. */
function bulletOf({ package: name, done }: BugEntry): string {
  return createHash("sha256").update(`${name}\n${done}`).digest("hex");
}

/** As `import history` takes it. */
export function toResolvedTicket(entry: BugEntry) {
  return {
    ticket_id: `DEB-${entry.bug}`,
    subject: `${entry.package}: ${firstSentence(entry.done)}`.slice(0, 500),
    description: `Bug ${entry.bug} in ${entry.package}: ${entry.done}`,
    resolution: `${entry.done} Done in ${entry.package} ${entry.version}.`,
    resolved_date: entry.date,
    tags: [entry.package],
  };
}

function firstSentence(text: string): string {
  return text.split(/(?<=[.;:])\s/)[0] ?? text;
}
