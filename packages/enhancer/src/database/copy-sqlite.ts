import { backup, DatabaseSync } from "node:sqlite";

const busyTimeoutMs = 10_000;
const allPages = 2 ** 31 - 1;

/** A copy as of one moment, while others write; SQLite's own way, in one step, since writers of other processes would start it anew. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: busyTimeoutMs });
  try {
    await backup(source, to, { rate: allPages });
  } finally {
    source.close();
  }
}
