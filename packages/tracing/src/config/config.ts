import { type LogLevel, logLevels } from "../logger.ts";
import { type OtlpConfig, otlpConfig } from "./otlp.ts";
import { type SamplerConfig, samplerConfig } from "./sampler.ts";
import {
  type Environment,
  parseDuration,
  parsePairs,
  parseSize,
  TracingConfigError,
  Variables,
  wrong,
} from "./values.ts";

const propagatorNames = ["tracecontext", "baggage", "b3", "b3multi", "jaeger", "ottrace", "xray"] as const;
export type PropagatorName = (typeof propagatorNames)[number];

/** Settings of the tracing library, read once from `OTEL_*` and the library's own `THROUGHLINE_*`. */
export interface TracingConfig {
  /** Spans are no-ops; context still travels. */
  disabled: boolean;
  exporters: readonly ("otlp" | "console")[];
  propagators: readonly PropagatorName[];
  serviceName: string;
  /** From OTEL_RESOURCE_ATTRIBUTES, and `deployment.environment(.name)` from DEPLOYMENT_ENV. */
  resourceAttributes: Readonly<Record<string, string>>;
  sampler: SamplerConfig;
  otlp: OtlpConfig;
  batch: {
    maxQueueSize: number;
    maxExportBatchSize: number;
    scheduleDelayMs: number;
    /** Milliseconds for a batch with its retries; 0: no limit. */
    exportTimeoutMs: number;
    whenFull: "drop_newest" | "drop_oldest";
  };
  spanLimits: {
    attributeCountLimit: number;
    attributeValueLengthLimit: number;
    eventCountLimit: number;
    linkCountLimit: number;
    attributePerEventCountLimit: number;
    attributePerLinkCountLimit: number;
  };
  /** Of the library's own messages, where whoever starts it gives no logger. */
  logLevel: LogLevel;
  /** Where batches wait while the receiver is away; undefined: nowhere. */
  spill: { file: string; maxBytes: number } | undefined;
  slow: { thresholdMs: number; rules: readonly { name: string; thresholdMs: number }[] };
}

export interface ConfigDefaults {
  serviceName?: string;
  slowThresholdMs?: number;
}

/**
 * Defaults are the specification's, and the guide's where they differ: gRPC, batch 512, queue 2048, 5 s, 30 s; a tenth of the traces in
 * production, else all. Throws TracingConfigError for any value that cannot be used: the specification would go on without it, which
 * nobody notices.
 */
export function tracingConfig(environment: Environment, defaults: ConfigDefaults = {}): TracingConfig {
  return configFrom(new Variables(environment), defaults);
}

/** Apart, so that the reference of the settings (docs/settings.md) is written by whoever watches the reading. */
export function configFrom(variables: Variables, defaults: ConfigDefaults = {}): TracingConfig {
  refuseConfigFile(variables);
  const deployment = variables.text("DEPLOYMENT_ENV") ?? "development";
  const resourceAttributes = parsePairs(
    "OTEL_RESOURCE_ATTRIBUTES",
    variables.text("OTEL_RESOURCE_ATTRIBUTES"),
  );
  const exporters = variables.listOf(["otlp", "console", "logging"], ["otlp"], "OTEL_TRACES_EXPORTER");
  return {
    disabled: variables.boolean("OTEL_SDK_DISABLED"),
    exporters: [...new Set(exporters.map((name) => (name === "logging" ? "console" : name)))],
    propagators: variables.listOf(propagatorNames, ["tracecontext", "baggage"], "OTEL_PROPAGATORS"),
    serviceName:
      variables.text("OTEL_SERVICE_NAME") ||
      resourceAttributes["service.name"] ||
      (defaults.serviceName ?? "ai-agents-enhancement"),
    resourceAttributes: {
      "deployment.environment": deployment,
      "deployment.environment.name": deployment,
      ...resourceAttributes,
    },
    sampler: samplerConfig(variables, deployment === "production" ? 0.1 : 1),
    otlp: otlpConfig(variables),
    batch: batch(variables),
    spanLimits: spanLimits(variables),
    logLevel: variables.oneOf(logLevels, "info", "OTEL_LOG_LEVEL"),
    spill: spill(variables),
    slow: slow(variables, defaults.slowThresholdMs),
  };
}

function refuseConfigFile(variables: Variables): void {
  const set = variables.first("OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE");
  if (set === undefined) return;
  throw new TracingConfigError(
    `${set.name} is "${set.value}": declarative configuration is not read; unset it and use the OTEL_* variables.`,
  );
}

function batch(variables: Variables): TracingConfig["batch"] {
  const maxQueueSize = variables.whole(2048, 1, "OTEL_BSP_MAX_QUEUE_SIZE");
  const size = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
  const maxExportBatchSize = variables.whole(Math.min(512, maxQueueSize), 1, size);
  if (maxExportBatchSize > maxQueueSize)
    throw wrong(size, String(maxExportBatchSize), `at most OTEL_BSP_MAX_QUEUE_SIZE (${maxQueueSize})`);
  return {
    maxQueueSize,
    maxExportBatchSize,
    scheduleDelayMs: variables.whole(5_000, 0, "OTEL_BSP_SCHEDULE_DELAY"),
    exportTimeoutMs: variables.whole(30_000, 0, "OTEL_BSP_EXPORT_TIMEOUT"),
    whenFull: variables.oneOf(["drop_newest", "drop_oldest"], "drop_newest", "THROUGHLINE_TRACES_WHEN_FULL"),
  };
}

/** The span's variable, then the general one, then the default (specification, "Attribute Limits"). */
function spanLimits(variables: Variables): TracingConfig["spanLimits"] {
  const unlimited = Number.POSITIVE_INFINITY;
  return {
    attributeCountLimit: variables.whole(
      128,
      0,
      "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
      "OTEL_ATTRIBUTE_COUNT_LIMIT",
    ),
    attributeValueLengthLimit: variables.whole(
      unlimited,
      0,
      "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
      "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    ),
    eventCountLimit: variables.whole(128, 0, "OTEL_SPAN_EVENT_COUNT_LIMIT"),
    linkCountLimit: variables.whole(128, 0, "OTEL_SPAN_LINK_COUNT_LIMIT"),
    attributePerEventCountLimit: variables.whole(
      128,
      0,
      "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
      "OTEL_ATTRIBUTE_COUNT_LIMIT",
    ),
    attributePerLinkCountLimit: variables.whole(
      128,
      0,
      "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
      "OTEL_ATTRIBUTE_COUNT_LIMIT",
    ),
  };
}

function spill(variables: Variables): TracingConfig["spill"] {
  const file = variables.text("THROUGHLINE_TRACES_SPILL_FILE");
  const limit = "THROUGHLINE_TRACES_SPILL_LIMIT";
  const maxBytes = parseSize(limit, variables.text(limit) ?? "64MiB");
  return file === undefined ? undefined : { file, maxBytes };
}

/** `POST /webhook/servicedesk=5s, llm.openai.completion=20s` */
function slow(variables: Variables, given: number | undefined): TracingConfig["slow"] {
  const threshold = "THROUGHLINE_SLOW_THRESHOLD";
  const rules = "THROUGHLINE_SLOW_RULES";
  const text = variables.text(rules);
  return {
    thresholdMs: given ?? parseDuration(threshold, variables.text(threshold) ?? "60s"),
    rules: (text?.split(",") ?? []).map((rule) => {
      const at = rule.lastIndexOf("=");
      const name = rule.slice(0, Math.max(0, at)).trim();
      if (name === "") throw wrong(rules, text ?? "", 'a list such as "POST /orders=5s, llm.completion=20s"');
      return { name, thresholdMs: parseDuration(rules, rule.slice(at + 1)) };
    }),
  };
}
