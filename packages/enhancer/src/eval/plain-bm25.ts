import { DatabaseSync } from "node:sqlite";

/**
 * What one gets without any of our own work: FTS5 with Porter's stems, every word of the query, bm25 without weights.
 * The yardstick of `eval retrieval`.
 */
export class PlainBm25 {
  private readonly sqlite = new DatabaseSync(":memory:");

  constructor(rows: readonly { id: string; text: string }[]) {
    this.sqlite.exec(
      "create virtual table plain using fts5 (id unindexed, text, tokenize='porter unicode61')",
    );
    const insert = this.sqlite.prepare("insert into plain (id, text) values (?, ?)");
    this.sqlite.exec("begin");
    for (const { id, text } of rows) insert.run(id, text);
    this.sqlite.exec("commit");
  }

  find(query: string, butNot: string, most: number): string[] {
    const words = [...new Set(query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])];
    if (words.length === 0) return [];
    const match = words.map((word) => `"${word}"`).join(" OR ");
    return this.sqlite
      .prepare("select id from plain where plain match ? and id <> ? order by bm25(plain) limit ?")
      .all(match, butNot, most)
      .map(({ id }) => String(id));
  }

  close(): void {
    this.sqlite.close();
  }
}
