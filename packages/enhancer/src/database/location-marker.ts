import { ThroughlineError } from "@throughline/api";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withoutCredentials } from "./postgres.ts";

/**
 * A directory whose business data is in PostgreSQL says so in the file `postgres`: a command that is not told would else look at
 * empty tables, and a process that is not told would write beside the others. Throws TL_SETTING_INVALID.
 */
export function checkLocation(dataDirectory: string, postgres: string | undefined): void {
  const file = join(dataDirectory, "postgres");
  const marked = read(file);
  if (postgres === undefined) {
    if (marked === undefined) return;
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--postgres is not set, but the tenants of ${dataDirectory} are kept in ${marked}: set it, or delete ${file} to go back to SQLite.`,
    );
  }
  const where = withoutCredentials(postgres);
  if (marked !== where) writeFileSync(file, `${where}\n`, { mode: 0o600 });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
