import type { TraceState } from "@opentelemetry/api";
import type { SamplerConfig } from "../config/sampler.ts";
import { GrpcClient } from "../export/grpc-client.ts";
import { fieldsOf, type Field } from "../export/rpc-status.ts";
import type { TracingLogger } from "../logger.ts";
import { ConsistentDecision, withoutThreshold } from "./consistent.ts";
import type { Beginning, RootDecision, Verdict } from "./decision.ts";

const path = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
const answerWithinMs = 5_000;

/** Asks a Jaeger collector how to sample (jaeger.api_v2.SamplingManager) and again at each interval; until it answers, the first ratio. */
export class JaegerRemoteDecision implements RootDecision {
  private readonly client = new GrpcClient();
  private readonly endpoint: string;
  private readonly request: Uint8Array;
  private readonly logger: TracingLogger;
  private readonly timer: NodeJS.Timeout;
  private strategy: RootDecision;
  private isFailing = false;

  constructor(
    config: Extract<SamplerConfig, { kind: "jaeger_remote" }>,
    serviceName: string,
    logger: TracingLogger,
  ) {
    const name = Buffer.from(serviceName).subarray(0, 127);
    this.request = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
    this.endpoint = config.endpoint;
    this.logger = logger;
    this.strategy = ratio(config.initialRatio);
    this.timer = setInterval(() => void this.ask(), config.pollingIntervalMs).unref();
    void this.ask();
  }

  decide(span: Beginning, state: TraceState | undefined): Verdict {
    return this.strategy.decide(span, state);
  }

  shutdown(): void {
    clearInterval(this.timer);
    void this.client.close();
  }

  /** Never throws: the last strategy stands. */
  private async ask(): Promise<void> {
    try {
      const options = { headers: {}, gzip: false, timeoutMs: answerWithinMs };
      this.strategy = strategyOf(await this.client.call(this.endpoint, path, this.request, options));
      this.isFailing = false;
    } catch (error) {
      if (!this.isFailing)
        this.logger.warn({ reason: String(error) }, "the sampling strategy could not be fetched");
      this.isFailing = true;
    }
  }
}

/** SamplingStrategyResponse: 1 type, 2 probabilistic {1 double}, 3 rate limiting {1 per second}, 4 per operation. */
function strategyOf(response: Uint8Array): RootDecision {
  const fields = fieldsOf(response);
  const perOperation = message(fields, 4);
  if (perOperation !== undefined) return operations(perOperation);
  const limit = message(fields, 3);
  if (limit !== undefined) return new RateLimit(Number(limit.find(({ number }) => number === 1)?.value ?? 0));
  return ratio(double(message(fields, 2), 1));
}

/** PerOperationSamplingStrategies: 1 default probability, 3 repeated {1 operation, 2 probabilistic {1 double}}. */
function operations(fields: readonly Field[]): RootDecision {
  const otherwise = ratio(double(fields, 1));
  const byName = new Map<string, RootDecision>();
  for (const { number, value } of fields) {
    if (number !== 3 || !(value instanceof Uint8Array)) continue;
    const strategy = fieldsOf(value);
    const name = strategy.find((field) => field.number === 1)?.value;
    if (name instanceof Uint8Array)
      byName.set(Buffer.from(name).toString(), ratio(double(message(strategy, 2), 1)));
  }
  return { decide: (span, state) => (byName.get(span.name) ?? otherwise).decide(span, state) };
}

/** So many traces a second, by a bucket that holds one second. Its probability is not known: spans carry no threshold. */
class RateLimit implements RootDecision {
  private readonly perSecond: number;
  private tokens: number;
  private atMs = performance.now();

  constructor(perSecond: number) {
    this.perSecond = perSecond;
    this.tokens = Math.max(1, perSecond);
  }

  decide(_span: Beginning, state: TraceState | undefined): Verdict {
    const now = performance.now();
    this.tokens = Math.min(
      Math.max(1, this.perSecond),
      this.tokens + ((now - this.atMs) / 1_000) * this.perSecond,
    );
    this.atMs = now;
    const sampled = this.perSecond > 0 && this.tokens >= 1;
    if (sampled) this.tokens--;
    return { sampled, state: withoutThreshold(state) };
  }
}

function ratio(share: number): RootDecision {
  const consistent = new ConsistentDecision(share);
  return { decide: ({ traceId }, state) => consistent.decide(traceId, state) };
}

function message(fields: readonly Field[], number: number): Field[] | undefined {
  const value = fields.findLast((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? fieldsOf(value) : undefined;
}

function double(fields: readonly Field[] | undefined, number: number): number {
  const value = fields?.findLast((field) => field.number === number)?.value;
  return typeof value === "number" ? value : 0;
}
