import { context, diag, propagation, trace, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { createRedactor, type Redactor } from "@throughline/redaction";
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { BoundedBatchProcessor, type SpanCounts } from "./batch-processor.ts";
import type { TracingConfig } from "./config.ts";
import { RedactionAndSlowTraceExporter } from "./exporter.ts";
import { OtlpGrpcExporter } from "./otlp-grpc-exporter.ts";
import type { TracingLogger } from "./logger.ts";
import { RedactionSpanProcessor, SlowTraceProcessor } from "./processors.ts";

export interface TracingOptions {
  config: TracingConfig;
  /** `service.version`. */
  version: string;
  /** Further resource attributes: `throughline.role`. */
  attributes?: Readonly<Record<string, string>>;
  /** Where spans go when the environment names no endpoint. Asked before each export. */
  defaultEndpoint: () => string;
  /** A trace over this is slow; milliseconds. */
  slowThresholdMs: number;
  logger: TracingLogger;
}

export interface Tracing {
  tracer(name: string): Tracer;
  counts(): SpanCounts;
  /** Sends what is queued; gives up after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void>;
  /** Flushes, then lets go of the connection; never longer than `timeoutMs`. */
  shutdown(timeoutMs: number): Promise<void>;
}

const noSpans: SpanCounts = { ended: 0, exported: 0, dropped: 0, queued: 0 };

/** Sets up OpenTelemetry for this process and registers it globally; the returned handle is what ends it. */
export function initTracerProvider(options: TracingOptions): Tracing {
  const { config, logger } = options;
  if (config.disabled) {
    const nothing = () => Promise.resolve();
    return {
      tracer: (name) => trace.getTracer(name),
      counts: () => noSpans,
      flush: nothing,
      shutdown: nothing,
    };
  }
  const redactor = createRedactor();
  const endpoint = config.endpoint;
  const otlp = new OtlpGrpcExporter({
    endpoint: endpoint === undefined ? options.defaultEndpoint : () => endpoint,
    headers: config.headers,
    compression: config.compression,
    timeoutMs: config.exportTimeoutMs,
  });
  const batches = new BoundedBatchProcessor(
    new RedactionAndSlowTraceExporter(otlp, redactor),
    config,
    logger,
  );
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resourceAttributes(options, redactor)),
    sampler: sampler(config),
    spanProcessors: [
      new SlowTraceProcessor(options.slowThresholdMs, logger),
      new RedactionSpanProcessor(redactor, logger),
      batches,
    ],
  });
  diag.disable();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  return {
    tracer: (name) => provider.getTracer(name, options.version),
    counts: () => batches.counts(),
    flush: (timeoutMs) => within(timeoutMs, batches.forceFlush()),
    shutdown: async (timeoutMs) => {
      const until = Date.now() + timeoutMs;
      await within(timeoutMs, batches.forceFlush());
      // A flush that did not end in time holds the exporter in a retry: ending it first lets the rest go.
      await within(Math.max(500, until - Date.now()), otlp.shutdown());
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

function resourceAttributes(options: TracingOptions, redactor: Redactor): Record<string, string | number> {
  const attributes: Record<string, string | number> = {
    "service.name": options.config.serviceName,
    "service.version": options.version,
    "service.instance.id": randomUUID(),
    "host.name": hostname(),
    "process.pid": process.pid,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "opentelemetry",
    ...options.attributes,
    ...options.config.resourceAttributes,
  };
  attributes["service.name"] = options.config.serviceName;
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "string") attributes[key] = redactor.string(key, value);
  }
  return attributes;
}

function sampler({ sampler: name, samplerRatio }: TracingConfig): Sampler {
  const ratio = () => new TraceIdRatioBasedSampler(samplerRatio);
  switch (name) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return ratio();
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: ratio() });
  }
}

/** Waits for work, but not longer. Work that fails or is late is not an error here: its spans are counted as dropped. */
async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}
