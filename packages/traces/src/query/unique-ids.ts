import { IdIndex } from "./id-index.ts";
import type { SpanRecord } from "../model.ts";

type Named = Pick<SpanRecord, "spanId" | "parentSpanId" | "kind">;

/**
 * Zipkin lets a client span and the server span it calls share one id. The server span gets an id of its own and becomes
 * the client span's child; what stood below the shared id moves below the server span.
 */
export function withUniqueIds<S extends Named>(spans: readonly S[], ids = new IdIndex(spans)): readonly S[] {
  if (!ids.hasShared) return spans;
  const clients = new Set<string>();
  for (const span of spans) if (span.kind === 3) clients.add(span.spanId);
  const shared = (span: S): boolean => span.kind === 2 && clients.has(span.spanId);
  if (!spans.some(shared)) return spans;

  const used = new Set(spans.map(({ spanId }) => spanId));
  let next = 0n;
  const fresh = (): string => {
    for (;;) {
      next++;
      const id = next.toString(16).padStart(16, "0");
      if (!used.has(id)) return id;
    }
  };
  const serverIds = new Map<string, string>();
  const renamed = spans.map((span) => {
    if (!shared(span)) return span;
    const spanId = fresh();
    serverIds.set(span.spanId, spanId);
    return { ...span, spanId, parentSpanId: span.spanId };
  });
  return renamed.map((span) => {
    const server = serverIds.get(span.parentSpanId);
    return server === undefined || isServerOf(span, serverIds) ? span : { ...span, parentSpanId: server };
  });
}

/** A renamed server span stays below its client. */
function isServerOf(span: Named, serverIds: ReadonlyMap<string, string>): boolean {
  return span.kind === 2 && serverIds.get(span.parentSpanId) === span.spanId;
}
