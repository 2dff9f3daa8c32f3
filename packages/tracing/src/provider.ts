import {
  context,
  diag,
  type MeterProvider,
  metrics,
  propagation,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { ConsoleSpanExporter, type SpanExporter, TracerProvider } from "@opentelemetry/sdk-trace";
import { createRedactor, type Redactor } from "@throughline/redaction";
import { type TracingConfig, tracingConfig } from "./config/config.ts";
import { type Environment, TracingConfigError } from "./config/values.ts";
import { JsonBatch } from "./encode/json-batch.ts";
import { ProtobufBatch } from "./encode/protobuf-batch.ts";
import { ProtobufSpanEncoder } from "./encode/protobuf-encoder.ts";
import { RedactionAndSlowTraceExporter } from "./exporter.ts";
import { SpillFile, SpillFileError } from "./export/spill-file.ts";
import { createOtlpTransport } from "./export/create-transport.ts";
import { PooledIdGenerator } from "./id-generator.ts";
import { createConsoleLogger, type TracingLogger } from "./logger.ts";
import { countsOf, noCounts, registerMetrics, type TracingCounts } from "./metrics.ts";
import { OtlpDestination, SpillingDestination } from "./otlp-destination.ts";
import { RedactionSpanProcessor, SlowTraceProcessor } from "./processors.ts";
import { createPropagator } from "./propagators.ts";
import { resourceAttributes } from "./resource.ts";
import { createSampler } from "./sampling/sampler.ts";
import { type ReadableBatch, SdkDestination } from "./sdk-destination.ts";
import { SlowTraces } from "./slow-traces.ts";
import { SpanCensus } from "./span-census.ts";
import { SpanQueue } from "./span-queue.ts";
import { keepFailed, type KeepDecision, TailBuffer } from "./tail-buffer.ts";

export interface TracingOptions {
  /** Where the `OTEL_*` variables are read; the process's environment by default. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** `service.name` where the environment names none. */
  serviceName?: string;
  /** `service.version`. */
  version?: string;
  /** Further resource attributes; the environment's win. */
  attributes?: Readonly<Record<string, string>>;
  /** Where spans go when the environment names no endpoint. Asked before each request; `http://host:port`. */
  defaultEndpoint?: () => string;
  /** Sent with each request to the default endpoint: what it asks for. */
  defaultHeaders?: () => Readonly<Record<string, string>>;
  /** A trace over this is slow; milliseconds. Overrides THROUGHLINE_SLOW_THRESHOLD (60 s). */
  slowThresholdMs?: number;
  /** Why an unsampled trace is exported beside failure and slowness; asked with the span that began it here, at its end. */
  keep?: KeepDecision;
  /** The rules of what never leaves; the default ones otherwise. */
  redactor?: Redactor;
  /** An exporter of the SDK instead of OTLP. What reaches it is redacted. */
  exporter?: SpanExporter;
  /** Lines about slow traces and dropped spans; standard error by default. */
  logger?: TracingLogger;
  /** Where the `otel.sdk.*` metrics go; the global one by default. */
  meterProvider?: MeterProvider;
}

export interface Tracing {
  tracer: (name: string) => Tracer;
  counts: () => TracingCounts;
  /** After how many milliseconds a trace that is under way here is slow, where a rule says so; it travels in a `Carrier`. */
  slowAfterMs: (traceId: string) => number | undefined;
  /** Sends what is queued; gives up after `timeoutMs` (5 s). */
  flush: (timeoutMs?: number) => Promise<void>;
  /** Flushes, then lets go of the connection; never longer than `timeoutMs` (5 s) and a moment. */
  shutdown: (timeoutMs?: number) => Promise<void>;
}

const scopeName = "@throughline/tracing";
const patienceMs = 5_000;
const closeWithinMs = 500;

/**
 * Sets up OpenTelemetry for this process from the standard environment variables and registers it globally; the handle is what ends it.
 * Throws TracingConfigError for a value that cannot be used, before anything is registered.
 */
export function initTracerProvider(options: TracingOptions = {}): Tracing {
  const environment = options.environment ?? process.env;
  const config = tracingConfig(environment, {
    ...(options.serviceName === undefined ? {} : { serviceName: options.serviceName }),
    ...(options.slowThresholdMs === undefined ? {} : { slowThresholdMs: options.slowThresholdMs }),
  });
  const logger = options.logger ?? createConsoleLogger(config.logLevel);
  const propagator = createPropagator(config.propagators);
  const tracing = config.disabled ? disabled() : start(config, { ...options, environment }, logger);
  propagation.setGlobalPropagator(propagator);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return tracing;
}

function start(
  config: TracingConfig,
  options: TracingOptions & { environment: Environment },
  logger: TracingLogger,
): Tracing {
  const redactor = options.redactor ?? createRedactor();
  const slow = new SlowTraces(config.slow);
  const census = new SpanCensus();
  const attributes = cleaned(resourceAttributes(config, options), redactor);
  const queues = createQueues(config, options, { redactor, slow, logger, attributes });
  const decide: KeepDecision = (root) => options.keep?.(root) ?? keepFailed(root);
  const tail = new TailBuffer(queues, slow, decide);
  const sampler = createSampler(config.sampler, config.serviceName, logger, {
    recordUnsampled: queues.length > 0,
  });
  const meterProvider = options.meterProvider ?? metrics.getMeterProvider();
  const provider = new TracerProvider({
    resource: resourceFromAttributes(attributes),
    sampler,
    idGenerator: new PooledIdGenerator(),
    spanLimits: config.spanLimits,
    meterProvider,
    spanProcessors: [
      census,
      new SlowTraceProcessor(slow, logger),
      new RedactionSpanProcessor(redactor, slow, logger),
      tail,
      ...queues,
    ],
  });
  const counts = () => countsOf(census, queues, tail, redactor);
  registerMetrics(meterProvider.getMeter(scopeName, options.version), "throughline/0", counts);
  trace.setGlobalTracerProvider(provider);
  const flush = (timeoutMs = patienceMs) =>
    within(timeoutMs, Promise.all(queues.map((queue) => queue.forceFlush())));
  return {
    tracer: (name) => provider.getTracer(name, options.version),
    counts,
    slowAfterMs: (traceId) => slow.thresholdOf(traceId),
    flush,
    shutdown: async (timeoutMs = patienceMs) => {
      await flush(timeoutMs);
      sampler.shutdown?.();
      // What could not be sent in time would hold the process in a retry.
      await within(closeWithinMs, Promise.all(queues.map((queue) => queue.abort())));
      unregister();
    },
  };
}

interface QueueParts {
  redactor: Redactor;
  slow: SlowTraces;
  logger: TracingLogger;
  attributes: Record<string, unknown>;
}

type AnyQueue = SpanQueue<ReadableBatch> | SpanQueue<JsonBatch> | SpanQueue<ProtobufBatch>;

/** One queue for each destination: OTLP, the console, or the exporter that the application brings. */
function createQueues(config: TracingConfig, options: TracingOptions, parts: QueueParts): AnyQueue[] {
  if (options.exporter !== undefined) return [sdkQueue(options.exporter, config, parts)];
  return config.exporters.map((name) =>
    name === "console"
      ? sdkQueue(new ConsoleSpanExporter(), config, parts)
      : otlpQueue(config, options, parts),
  );
}

function sdkQueue(exporter: SpanExporter, { batch }: TracingConfig, { redactor, slow, logger }: QueueParts) {
  const redacting = new RedactionAndSlowTraceExporter(exporter, redactor, slow.isSlow);
  return new SpanQueue(new SdkDestination(redacting), batch, slow.isSlow, logger);
}

function otlpQueue(
  config: TracingConfig,
  options: TracingOptions,
  { redactor, attributes, slow, logger }: QueueParts,
): AnyQueue {
  const { otlp, spill, batch } = config;
  const { endpoint } = otlp;
  const path = otlp.protocol === "grpc" ? "" : "/v1/traces";
  const fallback =
    options.defaultEndpoint ?? (() => `http://localhost:${otlp.protocol === "grpc" ? 4317 : 4318}`);
  const transport = createOtlpTransport({
    protocol: otlp.protocol,
    endpoint: endpoint === undefined ? () => fallback() + path : () => endpoint,
    headers: otlp.headers,
    defaultHeaders: endpoint === undefined ? options.defaultHeaders : undefined,
    compression: otlp.compression,
    tls: otlp.tls,
    requestTimeoutMs: otlp.timeoutMs,
  });
  if (otlp.protocol === "http/json") return behind(() => new JsonBatch(redactor, attributes));
  const encoder = new ProtobufSpanEncoder(redactor, attributes);
  return behind(() => new ProtobufBatch(encoder));

  function behind<B extends JsonBatch | ProtobufBatch>(newBatch: () => B): SpanQueue<B> {
    const destination =
      spill === undefined
        ? new OtlpDestination(newBatch, transport)
        : new SpillingDestination(newBatch, transport, openSpill(spill, batch.whenFull));
    return new SpanQueue<B>(destination, batch, slow.isSlow, logger);
  }
}

function openSpill(
  { file, maxBytes }: NonNullable<TracingConfig["spill"]>,
  whenFull: "drop_newest" | "drop_oldest",
) {
  try {
    return SpillFile.open(file, maxBytes, whenFull);
  } catch (cause) {
    if (!(cause instanceof SpillFileError)) throw cause;
    throw new TracingConfigError(`THROUGHLINE_TRACES_SPILL_FILE: ${cause.message}.`, { cause });
  }
}

function cleaned(attributes: Readonly<Record<string, unknown>>, redactor: Redactor): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).flatMap(([key, value]) => {
      const clean = redactor.value(key, value);
      return clean === undefined ? [] : [[redactor.key(key), clean]];
    }),
  );
}

/** OTEL_SDK_DISABLED: spans are no-ops, context travels on. */
function disabled(): Tracing {
  const nothing = () => Promise.resolve();
  return {
    tracer: (name) => trace.getTracer(name),
    counts: () => noCounts,
    slowAfterMs: () => undefined,
    flush: nothing,
    shutdown: () => Promise.resolve(unregister()),
  };
}

function unregister(): void {
  trace.disable();
  context.disable();
  propagation.disable();
  diag.disable();
}

/** Waits for work, but not longer. Work that fails or is late is not an error here: its spans are counted as dropped. */
async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
