import { ThroughlineError } from "@throughline/api";
import {
  createRedactor,
  parseRedactionRules,
  type Redactor,
  RedactionRuleError,
} from "@throughline/tracing/redaction";
import type { RedactionRules } from "../config.ts";

/** The built-in rules and the operator's. Throws TL_SETTING_INVALID, which names rule and field. */
export function redactorOf({ file, rules, hmacKey }: RedactionRules): Redactor {
  if (rules === undefined) return createRedactor(hmacKey === undefined ? {} : { hmacKey });
  try {
    return createRedactor(parseRedactionRules(rules, hmacKey));
  } catch (cause) {
    if (!(cause instanceof RedactionRuleError)) throw cause;
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `--redaction-rules is "${file ?? ""}": ${cause.message}`,
      { cause },
    );
  }
}
