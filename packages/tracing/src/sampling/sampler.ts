import {
  type Attributes,
  type Context,
  isSpanContextValid,
  type SpanKind,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { type Sampler, SamplingDecision, type SamplingResult } from "@opentelemetry/sdk-trace";
import type { SamplerConfig } from "../config/sampler.ts";
import type { TracingLogger } from "../logger.ts";
import { ConsistentDecision, withoutContradiction, withoutThreshold } from "./consistent.ts";
import type { RootDecision } from "./decision.ts";
import { forcedState, isForced, wasForced } from "./forced.ts";
import { JaegerRemoteDecision } from "./jaeger-remote.ts";
import { RuleDecision } from "./rules.ts";

export interface SamplerOptions {
  /** Unsampled spans are recorded: a trace that fails is exported all the same. */
  recordUnsampled: boolean;
}

export function createSampler(
  config: SamplerConfig,
  serviceName: string,
  logger: TracingLogger,
  options: SamplerOptions,
): TraceSampler {
  return new TraceSampler(decisionOf(config, serviceName, logger), config, options);
}

function decisionOf(config: SamplerConfig, serviceName: string, logger: TracingLogger): RootDecision {
  switch (config.kind) {
    case "ratio": {
      const consistent = new ConsistentDecision(config.ratio);
      return { decide: ({ traceId }, state) => consistent.decide(traceId, state) };
    }
    case "rules":
      return new RuleDecision(config.rules, serviceName);
    case "jaeger_remote":
      return new JaegerRemoteDecision(config, serviceName, logger);
  }
}

/** Consistent probability sampling: decisions of one trace agree wherever they are made, and each span says what it stands for. */
class TraceSampler implements Sampler {
  private readonly decision: RootDecision;
  private readonly config: SamplerConfig;
  private readonly unsampled: SamplingDecision;
  /** Most spans have a parent here and go the way it went. */
  private readonly like: { sampled: SamplingResult; unsampled: SamplingResult };

  constructor(decision: RootDecision, config: SamplerConfig, { recordUnsampled }: SamplerOptions) {
    this.decision = decision;
    this.config = config;
    this.unsampled = recordUnsampled ? SamplingDecision.RECORD : SamplingDecision.NOT_RECORD;
    this.like = {
      sampled: { decision: SamplingDecision.RECORD_AND_SAMPLED },
      unsampled: { decision: this.unsampled },
    };
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
  ): SamplingResult {
    const parent = trace.getSpanContext(context);
    const hasParent = parent !== undefined && isSpanContextValid(parent);
    if (isForced(context)) {
      if (wasForced(parent?.traceState)) return this.like.sampled;
      return { ...this.like.sampled, traceState: forcedState(hasParent ? parent.traceState : undefined) };
    }
    if (hasParent && this.config.parentBased) {
      const sampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
      const came = sampled ? this.like.sampled : this.like.unsampled;
      if (parent.isRemote !== true || parent.traceState === undefined) return came;
      const state = sampled
        ? withoutContradiction(traceId, parent.traceState)
        : withoutThreshold(parent.traceState);
      return state === undefined ? came : { ...came, traceState: state };
    }
    const state = hasParent ? parent.traceState : undefined;
    const verdict = this.decision.decide({ traceId, name, kind, attributes }, state);
    const decision = verdict.sampled ? SamplingDecision.RECORD_AND_SAMPLED : this.unsampled;
    return verdict.state === undefined ? { decision } : { decision, traceState: verdict.state };
  }

  toString(): string {
    return `${this.config.parentBased ? "ParentBased " : ""}${this.config.kind}`;
  }

  shutdown(): void {
    this.decision.shutdown?.();
  }
}
