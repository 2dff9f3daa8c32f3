import type { SpanView } from "@throughline/api";

/** A span for tests: an internal one of 10 ns at the start of its trace, unless told otherwise. */
export function spanOf(given: Partial<SpanView> & { spanId: string }): SpanView {
  return {
    parentSpanId: null,
    parentMissing: false,
    name: given.spanId,
    service: "service",
    kind: "internal",
    startOffsetNs: 0,
    durationNs: 10,
    selfNs: 10,
    depth: 0,
    status: "unset",
    statusMessage: "",
    attributes: [],
    events: [],
    links: [],
    resource: [],
    scope: { name: "", version: "" },
    ...given,
  };
}
