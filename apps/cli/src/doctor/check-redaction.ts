import type { Redactor } from "@throughline/tracing/redaction";
import { type Finding, fail, ok } from "../checks/finding.ts";
import { readRedactionRules } from "../config.ts";
import type { Subject } from "./subject.ts";

/** Those that the guide names, as attributes of a span. */
const keys = ["api_key", "secret", "password", "token", "webhook_secret", "authorization", "credential"];
const canary = "q7Vd0Zp4canaryLk93xB2m";
const texts = [
  `it says password=${canary} in the log`,
  `{"api_key": "${canary}"}`,
  `curl -H "Authorization: Bearer ${canary}"`,
  `postgres://shop:${canary}@db.example.com/shop`,
];
const longText = "x".repeat(300);

/** The rules of this configuration, tried on what must never leave. */
export async function checkRedaction({ settings, environment }: Subject): Promise<Finding[]> {
  const id = "redaction";
  const remedy =
    "Correct --redaction-rules (allowKeys, or an action that keeps too much); `throughline redact check` shows which rule hits what.";
  let redactor: Redactor;
  try {
    const { redactorOf } = await import("../runtime/redaction.ts");
    redactor = redactorOf(readRedactionRules(settings, environment));
  } catch (error) {
    return [
      fail(
        id,
        error instanceof Error ? error.message : String(error),
        "Correct the file of --redaction-rules.",
      ),
    ];
  }
  const readable = keys.filter((key) => (redactor.string(key, canary) ?? "").includes(canary.slice(0, 8)));
  const inTexts = texts.filter((text) => redactor.text(text).includes(canary));
  const description = redactor.string("ticket.description", longText) ?? "";
  const leaks = [
    ...(readable.length > 0 ? [`values under ${readable.join(", ")} stay readable`] : []),
    ...(inTexts.length > 0
      ? [`a secret stays readable in "${inTexts[0]?.replace(canary, "...") ?? ""}"`]
      : []),
    ...(description.length > 100 ? [`ticket.description keeps ${description.length} characters`] : []),
  ];
  if (leaks.length > 0) return [fail(id, leaks.join("; "), remedy)];
  return [
    ok(
      id,
      `${keys.length} keys and ${texts.length} texts with secrets are hidden, ticket.description is cut to 100`,
    ),
  ];
}
