import type { TraceState } from "@opentelemetry/api";
import { TraceState as EmptyTraceState } from "@opentelemetry/core";
import type { Verdict } from "./decision.ts";
import { hexDigits, readOtState, withThreshold } from "./ot-state.ts";

const everything = 2n ** 56n;
/** Hex digits of a threshold that count, beside the leading `f`s. */
const precision = 4;

/**
 * A ratio as the threshold that random numbers must reach: 14 hex digits; undefined for a ratio of 0, which nothing reaches. Consistent
 * probability sampling compares them as numbers, and so as texts.
 */
function thresholdOf(ratio: number): string | undefined {
  const kept = BigInt(Math.round(Math.min(1, Math.max(0, ratio)) * 2 ** 56));
  if (kept === 0n) return undefined;
  const exact = everything - kept;
  const digits = Math.min(hexDigits, precision + Math.floor(-Math.log2(ratio) / 4));
  const unit = 16n ** BigInt(hexDigits - digits);
  const rounded = ((exact + unit / 2n) / unit) * unit;
  return (rounded >= everything ? exact : rounded).toString(16).padStart(hexDigits, "0");
}

const empty = new EmptyTraceState();

/** Decides for a trace by its randomness: the explicit one, or the last 56 bits of its id. */
export class ConsistentDecision {
  private readonly threshold: string | undefined;
  /** Of the most frequent case: a root without any state. */
  private readonly ofRoot: TraceState | undefined;

  constructor(ratio: number) {
    this.threshold = thresholdOf(ratio);
    this.ofRoot =
      this.threshold === undefined ? undefined : withThreshold(undefined, undefined, this.threshold, empty);
  }

  decide(traceId: string, state: TraceState | undefined): Verdict {
    const { threshold } = this;
    const own = readOtState(state);
    const randomness = own?.randomness ?? traceId.slice(-hexDigits);
    const sampled = threshold !== undefined && randomness >= threshold;
    if (state === undefined) return { sampled, state: sampled ? this.ofRoot : undefined };
    if (!sampled) return { sampled, state: withoutThreshold(state) };
    return { sampled, state: withThreshold(state, own, threshold, empty) };
  }
}

/** For spans that are not sampled, or were by a sampler of unknown probability. */
export function withoutThreshold(state: TraceState | undefined): TraceState | undefined {
  const own = readOtState(state);
  if (own === undefined || !/(?:^|;)th:/.test(state?.get("ot") ?? "")) return undefined;
  return withThreshold(state, own, undefined, empty);
}

/** A threshold that came with a sampled parent but contradicts it has no meaning and goes. */
export function withoutContradiction(traceId: string, state: TraceState | undefined): TraceState | undefined {
  const own = readOtState(state);
  if (own === undefined) return undefined;
  const randomness = own.randomness ?? traceId.slice(-hexDigits);
  if (own.threshold !== undefined && randomness >= own.threshold) return undefined;
  return withoutThreshold(state);
}
