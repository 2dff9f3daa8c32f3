/** Structured logging as pino has it: fields first, then the message. */
export interface TracingLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  /** Where it says that debug is off, nothing is collected for it. */
  isLevelEnabled?(level: "debug"): boolean;
}

/** JSON lines on standard error, debug off. */
export function createConsoleLogger(): TracingLogger {
  const write = (level: string) => (fields: object, message: string) => {
    process.stderr.write(
      `${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: message })}\n`,
    );
  };
  return { debug: () => {}, info: write("info"), warn: write("warn"), isLevelEnabled: () => false };
}
