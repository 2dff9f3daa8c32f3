import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { logFilesIn } from "./log-files.ts";

export type LogLine = Record<string, unknown> & { time: string };

/** Whose lines; `any`: of a ticket, a trace or a job with this id. */
export type LogSubject = { ticket: string } | { trace: string } | { any: string };

/** The newest so many lines are enough for people; a program asks for more. */
const logLimit = 5_000;

/** The lines of a ticket or trace in all files of a directory, oldest first. Of more than `limit` the newest. */
export async function readLogs(
  directory: string,
  subject: LogSubject,
  options: { tenant?: string | undefined; limit?: number } = {},
): Promise<LogLine[]> {
  const { tenant, limit = logLimit } = options;
  const [id] = Object.values(subject) as [string];
  const names =
    "ticket" in subject
      ? ["ticket_id"]
      : "trace" in subject
        ? ["trace_id"]
        : ["ticket_id", "trace_id", "job_id"];
  const quoted = JSON.stringify(id);
  const found: LogLine[] = [];
  for (const { path } of logFilesIn(directory).sort((a, b) => a.changedAt - b.changedAt)) {
    for await (const text of linesOf(path)) {
      if (!text.includes(quoted)) continue;
      const line = parsed(text);
      if (line === undefined || !names.some((name) => line[name] === id)) continue;
      if (tenant !== undefined && line["tenant_id"] !== tenant) continue;
      found.push(line);
      if (found.length > 2 * limit) found.splice(0, found.length - limit);
    }
  }
  return found.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)).slice(-limit);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({
      input: createReadStream(path, { highWaterMark: 1024 * 1024 }),
      crlfDelay: Infinity,
    });
  } catch (error) {
    // Another process removed it just now: it was too old.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** A process that was killed leaves half a line. */
function parsed(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as unknown;
    return typeof line === "object" && line !== null && "time" in line && typeof line.time === "string"
      ? (line as LogLine)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Where lines may be that are not here. */
export function elsewhere(directory: string): string {
  return `Searched: ${directory}, where the roles that run on this data directory keep their lines for --log-keep. Roles on other machines or data directories keep theirs there, and every role writes them to its standard error, too.`;
}
