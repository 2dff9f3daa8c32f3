import { sectionFields } from "../context/words/stored-terms.ts";
import type { EnhancerDatabase } from "../database/schema.ts";
import type { Section } from "./sections.ts";
import { contextChanged, writeTerms } from "./write-terms.ts";

const sectionsPerStatement = 200;

export interface StoredDocument {
  path: string;
  origin: "folder" | "desk";
  labels: readonly string[];
  sections: readonly Section[];
}

/** Replaces the sections of a document where any of them changed. */
export async function replaceDocument(
  database: EnhancerDatabase,
  tenantId: string,
  { path, origin, labels, sections }: StoredDocument,
): Promise<"inserted" | "updated" | "unchanged"> {
  const labelText = JSON.stringify(labels);
  const wanted = sections.map(({ anchor, title, body }) => ({
    anchor,
    title,
    body,
    labels: labelText,
    origin,
  }));
  return database.transaction().execute(async (transaction) => {
    const before = await transaction
      .selectFrom("documents")
      .select(["anchor", "title", "body", "labels", "origin"])
      .where("tenant_id", "=", tenantId)
      .where("path", "=", path)
      .orderBy("rowid")
      .execute();
    if (JSON.stringify(before) === JSON.stringify(wanted)) return "unchanged";
    await transaction
      .deleteFrom("documents")
      .where("tenant_id", "=", tenantId)
      .where("path", "=", path)
      .execute();
    for (let at = 0; at < wanted.length; at += sectionsPerStatement) {
      const stored = await transaction
        .insertInto("documents")
        .values(
          wanted
            .slice(at, at + sectionsPerStatement)
            .map((section) => ({ tenant_id: tenantId, path, ...section })),
        )
        .returning(["rowid", ...sectionFields])
        .execute();
      const texts = stored.map((row) => ({
        rowid: row.rowid,
        texts: sectionFields.map((field) => row[field]),
      }));
      await writeTerms(transaction, "documents", tenantId, texts);
    }
    await contextChanged(transaction, tenantId);
    return before.length === 0 ? "inserted" : "updated";
  });
}
