import type { DatabaseSync } from "node:sqlite";
import { addressKey } from "../context/systems/addresses.ts";
import { hostKeys } from "../context/systems/mentions.ts";
import { rememberingStemmer } from "../context/words/analyse.ts";
import { indexedText, sectionFields, ticketFields } from "../context/words/stored-terms.ts";

/** Indexes what 0.1.0 stored. */
export function indexStoredText(sqlite: DatabaseSync): void {
  const stem = rememberingStemmer();
  const addWord = sqlite.prepare("insert or ignore into search_words (tenant_id, word) values (?, ?)");
  for (const [table, fields] of [
    ["ticket_history", ticketFields],
    ["documents", sectionFields],
  ] as const) {
    const addTerms = sqlite.prepare(`insert into ${table}_terms (rowid, terms) values (?, ?)`);
    for (const row of sqlite.prepare(`select rowid, * from ${table}`).iterate()) {
      const tenantId = String(row["tenant_id"]);
      const texts = fields.map((field) => String(row[field] ?? ""));
      const { terms, words } = indexedText(tenantId, texts, stem);
      addTerms.run(Number(row["rowid"]), terms.join(" "));
      for (const word of words) addWord.run(tenantId, word);
    }
  }
  const key = sqlite.prepare(
    "update inventory set host_key = ?, short_key = ?, ip_key = ? where tenant_id = ? and id = ?",
  );
  for (const { tenant_id: tenantId, id, hostname } of sqlite.prepare("select * from inventory").all()) {
    const { host, short } = hostKeys(String(hostname));
    key.run(host, short, addressKey(String(id)), String(tenantId), String(id));
  }
}
