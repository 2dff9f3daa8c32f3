import type { Attributes } from "@opentelemetry/api";

/** Why an attempt is exported although its trace was not sampled, beside failure and slowness: its note lacks something. */
export function keepTicket({ attributes }: { attributes: Attributes }): "partial" | undefined {
  return attributes["enhancement.status"] === "partial" ? "partial" : undefined;
}
