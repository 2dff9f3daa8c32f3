import type { TraceState } from "@opentelemetry/api";

/** OpenTelemetry's entry of `tracestate`: `ot=th:c;rv:...` (specification, "TraceState: Probability Sampling"). */
export interface OtState {
  /** Rejection threshold as 14 hex digits; undefined where there is none or it cannot be read. */
  threshold: string | undefined;
  /** Explicit randomness, 14 hex digits. */
  randomness: string | undefined;
  /** All but the threshold, as it came. */
  others: string;
}

export const hexDigits = 14;
const ownLimit = 256;

export function readOtState(state: TraceState | undefined): OtState | undefined {
  const value = state?.get("ot");
  if (value === undefined) return undefined;
  const read: OtState = { threshold: undefined, randomness: undefined, others: "" };
  if (value.length > ownLimit) return read;
  const others: string[] = [];
  for (const part of value.split(";")) {
    const [key, text = ""] = part.split(":", 2);
    if (key === "th") {
      if (/^[0-9a-f]{1,14}$/.test(text)) read.threshold = text.padEnd(hexDigits, "0");
    } else {
      if (key === "rv" && /^[0-9a-f]{14}$/.test(text)) read.randomness = text;
      if (part !== "") others.push(part);
    }
  }
  read.others = others.join(";");
  return read;
}

/** The state with another threshold, or none; everything else stays. */
export function withThreshold(
  state: TraceState | undefined,
  own: OtState | undefined,
  threshold: string | undefined,
  empty: TraceState,
): TraceState | undefined {
  const parts = [threshold === undefined ? "" : `th:${shortest(threshold)}`, own?.others ?? ""];
  const value = parts.filter((part) => part !== "").join(";");
  if (value === "") return state?.unset("ot");
  return (state ?? empty).set("ot", value);
}

/** Trailing zeros say nothing; all of them are `0`. */
function shortest(threshold: string): string {
  return threshold.replace(/0+$/, "") || "0";
}
