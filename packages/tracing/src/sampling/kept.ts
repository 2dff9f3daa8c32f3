import type { TraceState } from "@opentelemetry/api";

/**
 * The `tracestate` of a span that is exported although it was not sampled: it stands for itself alone, so its threshold is 0
 * (`th:0`, adjusted count 1). Randomness and everybody else's members stay.
 */
export function keptTraceState(state: TraceState | undefined): string {
  const others = (state?.get("ot") ?? "").split(";").filter((part) => part !== "" && !part.startsWith("th:"));
  const ours = ["th:0", ...others].join(";");
  if (state === undefined) return `ot=${ours}`;
  return state.set("ot", ours).serialize();
}
