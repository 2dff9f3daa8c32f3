/** The rules of what never leaves, for who wants to look at them or to bring their own. */
export { createRedactor, type Redactor } from "@throughline/redaction";
export { parseRedactionRules, RedactionRuleError } from "@throughline/redaction/rules";
