/** Structured logging as pino has it: fields first, then the message. */
export interface TracingLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  /** Where it says that debug is off, nothing is collected for it. */
  isLevelEnabled?(level: "debug"): boolean;
}

/** Of OTEL_LOG_LEVEL, the quietest first. */
export const logLevels = ["none", "error", "warn", "info", "debug", "verbose", "all"] as const;
export type LogLevel = (typeof logLevels)[number];

/** JSON lines on standard error, up to a level. */
export function createConsoleLogger(upTo: LogLevel = "info"): TracingLogger {
  const isOn = (level: LogLevel) => logLevels.indexOf(level) <= logLevels.indexOf(upTo);
  const write = (level: LogLevel) => (fields: object, message: string) => {
    if (!isOn(level)) return;
    process.stderr.write(
      `${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: message })}\n`,
    );
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), isLevelEnabled: isOn };
}
