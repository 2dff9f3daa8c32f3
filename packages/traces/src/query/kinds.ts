import type { SpanKind } from "../model.ts";

/** A span's kind in the words of Jaeger's `span.kind` tag. */
export const kindNames = {
  0: "unspecified",
  1: "internal",
  2: "server",
  3: "client",
  4: "producer",
  5: "consumer",
} as const satisfies Record<SpanKind, string>;
