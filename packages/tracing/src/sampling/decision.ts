import type { Attributes, SpanKind, TraceState } from "@opentelemetry/api";

/** What is known of a span that is about to start. */
export interface Beginning {
  traceId: string;
  name: string;
  kind: SpanKind;
  attributes: Attributes;
}

/** Decides for one trace. */
export interface RootDecision {
  decide(span: Beginning, state: TraceState | undefined): Verdict;
  shutdown?(): void;
}

/** What a decision leaves in `tracestate`; `state` undefined: as it came. */
export interface Verdict {
  sampled: boolean;
  state: TraceState | undefined;
}
