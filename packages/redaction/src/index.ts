export { createRedactor, type Finding, type RedactionCounts, type Redactor } from "./redactor.ts";
export type { RedactorOptions } from "./options.ts";
