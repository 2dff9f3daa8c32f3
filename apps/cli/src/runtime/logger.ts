import { destination, type Logger, multistream, pino } from "pino";
import { LogFiles, type LogFilesOptions } from "../logs/log-files.ts";

/** A reader that stops reading must not stop us: past this many characters in memory, lines are dropped. */
const maxBuffered = 4 * 1024 * 1024;

/** JSON lines to a file, or to standard error, and to `DIR/logs/` where that is asked for. Secrets under these names are hidden wherever they are logged. */
export function createLogger(
  role: string,
  file: string | undefined,
  kept?: Omit<LogFilesOptions, "role">,
): Logger {
  const stream = destination({ dest: file ?? 2, sync: false, maxLength: maxBuffered, mkdir: true });
  const target =
    kept === undefined
      ? stream
      : multistream([{ stream }, { stream: new LogFiles({ ...kept, role }) }], { dedupe: false });
  return pino(
    {
      base: { role, pid: process.pid },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: ["*.secret", "*.deskKey", "*.apiKey", "*.token", "*.authorization"],
    },
    target,
  );
}
