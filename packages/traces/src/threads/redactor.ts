import { createRedactor, type Redactor } from "@throughline/redaction";
import type { RedactionSettings } from "./messages.ts";

/** The rules were checked before they came here. */
export async function redactorOf(redaction: RedactionSettings | undefined): Promise<Redactor> {
  if (redaction?.rules === undefined) return createRedactor();
  const { parseRedactionRules } = await import("@throughline/redaction/rules");
  return createRedactor(parseRedactionRules(redaction.rules, redaction.hmacKey));
}
