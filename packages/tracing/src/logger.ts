/** Structured logging as pino has it: fields first, then the message. */
export interface TracingLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
