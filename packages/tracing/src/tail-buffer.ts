import {
  type Attributes,
  type Context,
  createContextKey,
  type Link,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from "@opentelemetry/api";
import { millisToHrTime } from "@opentelemetry/core";
import type { ReadableSpan, Span, SpanProcessor } from "@opentelemetry/sdk-trace";
import type { KeptReason } from "./encode/span-batch.ts";
import type { SlowTraces } from "./slow-traces.ts";
import type { SpanSink } from "./span-queue.ts";

/** Says why an unsampled piece of a trace is kept, by the span that it began with here; undefined: it is not. */
export type KeepDecision = (root: ReadableSpan) => KeptReason | undefined;

const ancestorsKey = createContextKey("throughline.unsampled-ancestors");

/** A span that another process did not export, from what is known of it. Times in milliseconds since the epoch. */
export interface RebuiltSpan {
  name: string;
  kind: SpanKind;
  spanId: string;
  parentSpanId: string | undefined;
  startMs: number;
  endMs: number;
  attributes: Attributes;
  links: readonly Link[];
}

/** Spans before this context that went unsampled: `rebuild` is called if what follows of the trace is kept. */
export function withAncestors(context: Context, rebuild: () => RebuiltSpan[]): Context {
  return context.setValue(ancestorsKey, rebuild);
}

/** One local root of a trace, and what belongs to it. */
interface Piece {
  /** Those that ended while their root was under way. */
  spans: ReadableSpan[];
  rebuild: (() => RebuiltSpan[]) | undefined;
  /** Its root has ended: what it is worth is known. */
  isSettled: boolean;
}

/** The unsampled spans of one trace here: mostly of one local root, of two where a receiver's worker is in its own process. */
interface Held {
  first: Piece;
  /** By span id: those of further local roots. */
  others: Map<string, Piece> | undefined;
  live: number;
}

const tracesAtMost = 2_000;
const spansOfTraceAtMost = 1_000;
const spansAtMost = 20_000;
const keptAtMost = 1_000;

/**
 * Holds the recorded spans of traces that were not sampled until the span that the trace began with here has ended; then they are
 * exported if that failed, or was slow, or if the application says so, else forgotten. Bounded: beyond the limits the oldest trace is
 * forgotten, and counted.
 */
export class TailBuffer implements SpanProcessor {
  /** Spans that were forgotten for want of room. */
  overflowed = 0;
  private readonly sinks: readonly SpanSink[];
  private readonly slow: SlowTraces;
  private readonly decide: KeepDecision;
  private readonly held = new Map<string, Held>();
  /** Traces that were kept: what ends late goes the same way. */
  private readonly kept = new Map<string, KeptReason>();
  private spans = 0;

  constructor(sinks: readonly SpanSink[], slow: SlowTraces, decide: KeepDecision) {
    this.sinks = sinks;
    this.slow = slow;
    this.decide = decide;
  }

  onStart(span: Span, parent: Context): void {
    const { traceId, spanId, traceFlags } = span.spanContext();
    if ((traceFlags & TraceFlags.SAMPLED) !== 0) return;
    const held = this.held.get(traceId);
    if (held === undefined) {
      if (this.held.size >= tracesAtMost) this.forgetOldest();
      this.held.set(traceId, { first: newPiece(parent), others: undefined, live: 1 });
      return;
    }
    held.live++;
    const { parentSpanContext } = span as unknown as ReadableSpan;
    const piece = isLocalRoot(parentSpanContext)
      ? newPiece(parent)
      : held.others?.get(parentSpanContext?.spanId ?? "");
    if (piece !== undefined) (held.others ??= new Map()).set(spanId, piece);
  }

  onEnd(span: ReadableSpan): void {
    const { traceId, spanId, traceFlags } = span.spanContext();
    if ((traceFlags & TraceFlags.SAMPLED) !== 0) return;
    const held = this.held.get(traceId);
    if (held === undefined) {
      const reason = this.kept.get(traceId);
      if (reason !== undefined) this.export([span], reason);
      return;
    }
    const piece = held.others?.get(spanId) ?? held.first;
    this.hold(piece, span);
    if (isLocalRoot(span.parentSpanContext)) this.settle(traceId, held, piece, span);
    if (--held.live <= 0) this.forget(traceId, held);
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    this.held.clear();
    this.kept.clear();
    return Promise.resolve();
  }

  private hold(piece: Piece, span: ReadableSpan): void {
    if (piece.spans.length >= spansOfTraceAtMost) {
      this.overflowed++;
      return;
    }
    piece.spans.push(span);
    if (++this.spans > spansAtMost) this.forgetOldest();
  }

  private settle(traceId: string, held: Held, piece: Piece, root: ReadableSpan): void {
    const before = this.kept.get(traceId);
    const reason = before ?? this.decide(root) ?? (this.slow.isSlow(traceId) ? "slow" : undefined);
    piece.isSettled = true;
    if (reason !== undefined) {
      // Kept before: they were told then. Under way in this process: they come as they are, for the trace is kept now.
      const areTold = before !== undefined || piecesOf(held).some((one) => !one.isSettled);
      const ancestors = areTold ? [] : (piece.rebuild?.().map((span) => rebuilt(span, root)) ?? []);
      this.export([...ancestors, ...piece.spans], reason);
      this.remember(traceId, reason);
    }
    this.spans -= piece.spans.length;
    piece.spans = [];
  }

  private export(spans: readonly ReadableSpan[], reason: KeptReason): void {
    for (const sink of this.sinks) for (const span of spans) sink.take(span, reason);
  }

  private remember(traceId: string, reason: KeptReason): void {
    if (this.kept.size >= keptAtMost) {
      const [oldest] = this.kept.keys();
      if (oldest !== undefined) this.kept.delete(oldest);
    }
    this.kept.set(traceId, reason);
  }

  private forget(traceId: string, held: Held): void {
    const spans = this.letGo(traceId, held);
    const reason = this.kept.get(traceId);
    if (reason !== undefined) this.export(spans, reason);
  }

  private forgetOldest(): void {
    const [oldest] = this.held;
    if (oldest !== undefined) this.overflowed += this.letGo(...oldest).length;
  }

  private letGo(traceId: string, held: Held): ReadableSpan[] {
    const spans = piecesOf(held).flatMap((piece) => piece.spans);
    this.spans -= spans.length;
    this.held.delete(traceId);
    return spans;
  }
}

function newPiece(parent: Context): Piece {
  const rebuild = parent.getValue(ancestorsKey) as (() => RebuiltSpan[]) | undefined;
  return { spans: [], rebuild, isSettled: false };
}

function piecesOf({ first, others }: Held): Piece[] {
  return others === undefined ? [first] : [...new Set([first, ...others.values()])];
}

function isLocalRoot(parent: SpanContext | undefined): boolean {
  return parent === undefined || parent.isRemote === true;
}

/** The default: what failed. A client's fault (4xx) is no failure of the server that says so. */
export function keepFailed(root: ReadableSpan): KeptReason | undefined {
  const told = root.attributes["sampling.reason"];
  if (typeof told === "string") return told;
  if (root.status.code !== SpanStatusCode.ERROR) return undefined;
  const status = root.attributes["http.response.status_code"];
  return typeof status === "number" && status >= 400 && status < 500 ? undefined : "error";
}

/** As the SDK would have ended it; resource and scope are those of the span that follows. */
function rebuilt(span: RebuiltSpan, root: ReadableSpan): ReadableSpan {
  const { traceId, traceState } = root.spanContext();
  const state = traceState === undefined ? {} : { traceState };
  const contextOf = (spanId: string, isRemote: boolean): SpanContext => ({
    traceId,
    spanId,
    traceFlags: TraceFlags.NONE,
    ...state,
    isRemote,
  });
  const context = contextOf(span.spanId, false);
  const isRemote = span.kind === SpanKind.SERVER;
  return {
    name: span.name,
    kind: span.kind,
    spanContext: () => context,
    ...(span.parentSpanId === undefined ? {} : { parentSpanContext: contextOf(span.parentSpanId, isRemote) }),
    startTime: millisToHrTime(span.startMs),
    endTime: millisToHrTime(span.endMs),
    duration: millisToHrTime(Math.max(0, span.endMs - span.startMs)),
    status: { code: SpanStatusCode.UNSET },
    attributes: span.attributes,
    links: [...span.links],
    events: [],
    ended: true,
    resource: root.resource,
    instrumentationScope: root.instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
