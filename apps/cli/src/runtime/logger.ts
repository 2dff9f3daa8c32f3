import { destination, type Logger, pino } from "pino";

/** A reader that stops reading must not stop us: past this many characters in memory, lines are dropped. */
const maxBuffered = 4 * 1024 * 1024;

/** JSON lines to a file, or to standard error. Secrets under these names are hidden wherever they are logged. */
export function createLogger(role: string, file: string | undefined): Logger {
  const target = destination({ dest: file ?? 2, sync: false, maxLength: maxBuffered, mkdir: true });
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
