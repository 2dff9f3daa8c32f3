import { type Environment, runTool } from "./run-tool.ts";

/** Everything of the database as of one moment, in PostgreSQL's own archive format. */
export async function dumpPostgres(url: string, file: string, environment: Environment): Promise<void> {
  const { connection, env } = connectionOf(url);
  await runTool(
    "pg_dump",
    ["--format=custom", "--no-owner", "--no-privileges", `--file=${file}`, `--dbname=${connection}`],
    { ...environment, ...env },
  );
}

/** Into a database that has none of the tables; all or nothing. */
export async function restorePostgres(url: string, file: string, environment: Environment): Promise<void> {
  const { connection, env } = connectionOf(url);
  await runTool(
    "pg_restore",
    [
      "--exit-on-error",
      "--single-transaction",
      "--no-owner",
      "--no-privileges",
      `--dbname=${connection}`,
      file,
    ],
    { ...environment, ...env },
  );
}

/** Others on the machine can read a program's arguments: the password goes by the environment. */
function connectionOf(url: string): { connection: string; env: Record<string, string> } {
  const parsed = new URL(url);
  const password = decodeURIComponent(parsed.password);
  parsed.password = "";
  // What pg calls so, libpq does not know: TLS without a look at the certificate.
  if (parsed.searchParams.get("sslmode") === "no-verify") parsed.searchParams.set("sslmode", "require");
  return { connection: parsed.href, env: password === "" ? {} : { PGPASSWORD: password } };
}
