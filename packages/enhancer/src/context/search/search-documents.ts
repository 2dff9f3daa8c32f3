import type { Source } from "../../ticket.ts";
import { bestPassage } from "../excerpt.ts";
import { fold, type Stem } from "../words/analyse.ts";
import { chooseTerms } from "./choose-terms.ts";
import type { DocumentRow, IndexReader } from "./index-reader.ts";
import { bestRows, rank, type Ranked, reasonOf } from "./rank.ts";
import { isRelevant, mergeAlike, nearBest } from "./relevance.ts";
import type { LabelRules, SearchedTicket } from "./requests.ts";
import { commonRows, type TermCounts } from "./term-counts.ts";

const wanted = 5;
const rowsRead = 60;
/** Rows that a ticket may not see are passed over: so many are looked at. */
const rowsLookedAt = 400;
const permittedEnough = 12;
const sectionsOfOne = 2;
const alikeNamed = 3;
const excerptLimit = 500;
const weights = { title: 3, path: 4, body: 1 };
/** A section of the version that the ticket names, and one of another version. */
const sameVersion = 1.3;
const otherVersion = 0.6;

/** Sections of the tenant's documents that share the rarest words with the ticket, as far as their labels permit. */
export async function searchDocuments(
  reader: IndexReader,
  ticket: SearchedTicket,
  rules: LabelRules,
  counts: TermCounts,
  stem: Stem,
): Promise<Source[]> {
  const sought = await chooseTerms(reader, "documents", ticket, counts, stem);
  if (sought.terms.length === 0) return [];
  const terms = sought.terms.map(({ term }) => sought.prefix + term);
  const best = bestRows(await reader.rowsOf("documents", terms, commonRows), sought, rowsLookedAt);
  const rows: DocumentRow[] = [];
  for (let at = 0; at < best.length && rows.length < permittedEnough; at += rowsRead) {
    const found = await reader.documents(ticket.tenantId, best.slice(at, at + rowsRead));
    rows.push(...found.filter((row) => isPermitted(labelsOf(row), rules)));
  }
  const text = fold(`${ticket.subject}\n${ticket.description}`);
  const ranked = rank(rows, fieldsOf, sought, stem)
    .filter(({ matched }) => isRelevant(matched, sought))
    .map((hit) => ({ ...hit, score: hit.score * fitOfVersion(labelsOf(hit.row), text, rules) }))
    .sort((a, b) => b.score - a.score || a.row.rowid - b.row.rowid);
  const merged = mergeAlike(nearBest(ranked), ({ terms: [, , body = new Set<string>()] }) => body, idOf);
  return fewOfEach(merged)
    .slice(0, wanted)
    .map(({ result, alike }) => toSource(result, alike));
}

/** A manual has many sections that are about the same: others get their place too. */
function fewOfEach<T extends { result: Ranked<DocumentRow> }>(merged: readonly T[]): T[] {
  const perPath = new Map<string, number>();
  return merged.filter(({ result: { row } }) => {
    const before = perPath.get(row.path) ?? 0;
    perPath.set(row.path, before + 1);
    return before < sectionsOfOne;
  });
}

/** A document with permissions is quoted where one of them is granted; one with versions where one of them is in use. */
function isPermitted(labels: readonly string[], { permissions, versions, exclude }: LabelRules): boolean {
  if (labels.some((label) => exclude.includes(label))) return false;
  const valuesOf = (name: string) =>
    labels.filter((label) => label.startsWith(`${name}:`)).map((label) => label.slice(name.length + 1));
  const needed = valuesOf("permission");
  if (needed.length > 0 && !needed.some((permission) => permissions.includes(permission))) return false;
  const about = valuesOf("version");
  return versions.length === 0 || about.length === 0 || about.some((version) => versions.includes(version));
}

/** Only where the ticket names a version: `2.1` in the text, or `v2.1`. */
function fitOfVersion(labels: readonly string[], text: string, { versions }: LabelRules): number {
  const own = labels.filter((label) => label.startsWith("version:")).map((label) => label.slice(8));
  if (own.length === 0) return 1;
  if (own.some((version) => namesVersion(text, version))) return sameVersion;
  const namesAnother =
    versions.some((version) => namesVersion(text, version)) || /\bv(?:ersion)?\.? ?\d/.test(text);
  return namesAnother ? otherVersion : 1;
}

function namesVersion(text: string, version: string): boolean {
  const at = text.indexOf(version);
  if (at < 0) return false;
  const [before, after] = [text[at - 1] ?? " ", text.slice(at + version.length, at + version.length + 2)];
  return !/[\d.]/.test(before) && !/^(?:\d|\.\d)/.test(after);
}

function labelsOf(row: DocumentRow): string[] {
  return JSON.parse(row.labels) as string[];
}

function fieldsOf(row: DocumentRow) {
  return [
    { name: "title", weight: weights.title, text: row.title },
    { name: "path", weight: weights.path, text: row.path },
    { name: "body", weight: weights.body, text: row.body },
  ];
}

function idOf({ row }: { row: DocumentRow }): string {
  return row.anchor === "" ? row.path : `${row.path}#${row.anchor}`;
}

function toSource(hit: Ranked<DocumentRow>, alike: readonly string[]): Source {
  const words = hit.matches.map(({ term, alike: meant }) => meant ?? term);
  const named = alike.slice(0, alikeNamed);
  const same = named.length === 0 ? "" : `; alike: ${named.join(", ")}`;
  const labels = labelsOf(hit.row);
  const labelled = labels.length === 0 ? "" : `; labels: ${labels.join(", ")}`;
  return {
    kind: "document",
    id: idOf(hit),
    title: hit.row.title,
    excerpt: bestPassage(hit.row.body, words, excerptLimit),
    score: hit.score,
    why: reasonOf(hit.matches) + labelled + same,
    matches: hit.matches,
    ...(named.length === 0 ? {} : { alike: named }),
  };
}
