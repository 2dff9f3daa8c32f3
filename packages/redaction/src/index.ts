export { createRedactor, type RedactionCounts, type Redactor } from "./redactor.ts";
