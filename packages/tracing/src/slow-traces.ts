import type { Context } from "@opentelemetry/api";
import type { ReadableSpan, Span } from "@opentelemetry/sdk-trace";
import { traceClockOf } from "./trace-clock.ts";

/** A span or route with a threshold of its own: `POST /webhook/servicedesk`, `llm.openai.completion`. Milliseconds. */
export interface SlowRule {
  name: string;
  thresholdMs: number;
}

export interface SlowOptions {
  /** A trace that takes longer, from its root's start to now, is slow. */
  thresholdMs: number;
  /** By span name or route: a local root sets its trace's threshold, any other span makes its trace slow by its own duration. */
  rules: readonly SlowRule[];
}

interface Clock {
  startMs: number;
  thresholdMs: number;
  /** Spans of the trace that are under way here. */
  live: number;
  slow: boolean;
}

/** Slow traces that have ended here stay known while their last spans wait for export. */
const rememberedAtMost = 1_000;
/** Spans that never end must not fill the memory. */
const clocksAtMost = 100_000;

/** One clock for each trace that has a span under way in this process. */
export class SlowTraces {
  private readonly thresholdMs: number;
  private readonly rules: ReadonlyMap<string, number>;
  private readonly clocks = new Map<string, Clock>();
  private readonly remembered = new Set<string>();

  constructor({ thresholdMs, rules }: SlowOptions) {
    this.thresholdMs = thresholdMs;
    this.rules = new Map(rules.map((rule) => [rule.name, rule.thresholdMs]));
  }

  started(span: Span, parent: Context): void {
    const { traceId } = span.spanContext();
    const clock = this.clocks.get(traceId);
    if (clock !== undefined) {
      clock.live++;
      return;
    }
    if (this.clocks.size >= clocksAtMost) this.forgetOldest();
    const came = traceClockOf(parent);
    // A clock that comes from a queue may be a new one, after a manual retry: what was slow before does not count.
    if (came !== undefined) this.remembered.delete(traceId);
    this.clocks.set(traceId, {
      startMs: came?.startMs ?? Date.now(),
      thresholdMs: came?.slowAfterMs ?? this.ruleOf(span) ?? this.thresholdMs,
      live: 1,
      slow: this.remembered.has(traceId),
    });
  }

  /** To be called once for each span that ends; says whether this very span made its trace slow, and since when it runs. */
  ended(span: ReadableSpan): { elapsedMs: number; thresholdMs: number } | undefined {
    const { traceId } = span.spanContext();
    const clock = this.clocks.get(traceId);
    if (clock === undefined) return undefined;
    const found = clock.slow ? undefined : this.overdue(span, clock);
    if (found !== undefined) clock.slow = true;
    if (--clock.live === 0) {
      this.clocks.delete(traceId);
      if (clock.slow) this.remember(traceId);
    }
    return found;
  }

  /** From root's start to now, or known to have been. */
  readonly isSlow = (traceId: string): boolean => {
    const clock = this.clocks.get(traceId);
    if (clock === undefined) return this.remembered.has(traceId);
    return clock.slow || Date.now() - clock.startMs > clock.thresholdMs;
  };

  /** The threshold that a trace has by a rule; it travels with the trace. */
  thresholdOf(traceId: string): number | undefined {
    const thresholdMs = this.clocks.get(traceId)?.thresholdMs;
    return thresholdMs === this.thresholdMs ? undefined : thresholdMs;
  }

  clear(): void {
    this.clocks.clear();
    this.remembered.clear();
  }

  private overdue(span: ReadableSpan, { startMs, thresholdMs }: Clock) {
    const elapsedMs = Date.now() - startMs;
    if (elapsedMs > thresholdMs) return { elapsedMs, thresholdMs };
    if (this.rules.size === 0) return undefined;
    const own = this.ruleOf(span);
    const ownMs = span.duration[0] * 1e3 + span.duration[1] / 1e6;
    return own !== undefined && ownMs > own ? { elapsedMs: ownMs, thresholdMs: own } : undefined;
  }

  private ruleOf(span: ReadableSpan): number | undefined {
    if (this.rules.size === 0) return undefined;
    const route = span.attributes["http.route"];
    return this.rules.get(span.name) ?? (typeof route === "string" ? this.rules.get(route) : undefined);
  }

  private remember(traceId: string): void {
    if (this.remembered.size >= rememberedAtMost) {
      const [oldest] = this.remembered;
      if (oldest !== undefined) this.remembered.delete(oldest);
    }
    this.remembered.add(traceId);
  }

  private forgetOldest(): void {
    const [oldest] = this.clocks.keys();
    if (oldest !== undefined) this.clocks.delete(oldest);
  }
}
