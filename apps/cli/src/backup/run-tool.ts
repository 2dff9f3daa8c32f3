import { ThroughlineError } from "@throughline/api";
import { spawn } from "node:child_process";

/** Debian's packages of the programs that read a server's data as only its own tools can. */
const packages = {
  pg_dump: "postgresql-client",
  pg_restore: "postgresql-client",
  "redis-cli": "redis-tools",
  "redis-server": "redis-server",
} as const;
export type Tool = keyof typeof packages;

const messageAtMost = 500;

/** As the process has it: a program is found by its PATH. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Runs a program to its end. Throws TL_PROGRAM_MISSING naming its package, TL_BACKUP_FAILED with what it said. */
export async function runTool(tool: Tool, args: readonly string[], environment: Environment): Promise<void> {
  const child = spawn(tool, args, { env: { ...environment }, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => (said = `${said}${String(chunk)}`.slice(-messageAtMost)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (error: NodeJS.ErrnoException) => reject(notRun(tool, error)));
    child.once("close", resolve);
  });
  if (code !== 0)
    throw new ThroughlineError("TL_BACKUP_FAILED", `${tool} ended with ${String(code)}: ${said.trim()}`);
}

export function notRun(tool: Tool, error: NodeJS.ErrnoException): ThroughlineError {
  if (error.code !== "ENOENT")
    return new ThroughlineError("TL_BACKUP_FAILED", `${tool} cannot be run: ${error.message}`, {
      cause: error,
    });
  return new ThroughlineError(
    "TL_PROGRAM_MISSING",
    `${tool} is not on PATH: install Debian's package ${packages[tool]}.`,
    { cause: error },
  );
}
