import { createHash } from "node:crypto";
import { analyse, type Stem, type Term } from "./analyse.ts";

/** Distinct words of a row that go into the index at most. */
const termsOfARow = 3_000;

/**
 * What a tenant's terms begin with in the shared index: nobody's search walks through the rows of others. Two tenants may share
 * it by chance, so rows are still read by tenant.
 */
export function termPrefix(tenantId: string): string {
  const hash = createHash("sha256").update(tenantId).digest().readUIntBE(0, 6);
  return hash.toString(36).padStart(10, "0").slice(-7);
}

export interface IndexedText {
  /** With the tenant's prefix, each once. */
  terms: string[];
  /** As they stood in the text: what a misspelt word may have meant. */
  words: string[];
}

/** What is stored of the texts of one row. */
export function indexedText(
  tenantId: string,
  texts: readonly string[],
  stem: Stem,
  prefix = termPrefix(tenantId),
): IndexedText {
  const terms = new Set<string>();
  const words = new Set<string>();
  for (const found of texts.flatMap((text) => analyse(text, stem))) {
    if (terms.size >= termsOfARow) break;
    terms.add(prefix + found.term);
    if (isVocabulary(found)) words.add(found.surface);
  }
  return { terms: [...terms], words: [...words] };
}

/** A word that somebody may misspell, or a code that somebody may know a part of. */
function isVocabulary({ kind, surface }: Term): boolean {
  return (kind === "word" || kind === "code") && surface.length >= 4 && surface.length <= 32;
}

/** The texts of a ticket or section that are searched, each with its field's name. */
export const ticketFields = ["subject", "tags", "resolution", "description"] as const;
export const sectionFields = ["title", "path", "body"] as const;
