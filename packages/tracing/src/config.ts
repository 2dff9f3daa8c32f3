/** Settings of the tracing library, read once from `OTEL_*` (OpenTelemetry specification, "Environment Variables"). */
export interface TracingConfig {
  disabled: boolean;
  serviceName: string;
  /** From OTEL_RESOURCE_ATTRIBUTES, and `deployment.environment(.name)` from DEPLOYMENT_ENV. */
  resourceAttributes: Readonly<Record<string, string>>;
  sampler: SamplerName;
  /** 0..1; only ratio samplers read it. */
  samplerRatio: number;
  /** OTLP gRPC endpoint from the environment; undefined where none is set. */
  endpoint: string | undefined;
  /** Sent with each export request; lower-case names. */
  headers: Readonly<Record<string, string>>;
  compression: "none" | "gzip";
  /** Milliseconds for one batch, its retries included. */
  exportTimeoutMs: number;
  scheduleDelayMs: number;
  maxQueueSize: number;
  maxExportBatchSize: number;
}

const samplerNames = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
type SamplerName = (typeof samplerNames)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable with a value that cannot be used; the message names variable, value and what is allowed. */
export class TracingConfigError extends Error {
  override readonly name = "TracingConfigError";
}

/** The guide's defaults: batch 512, queue 2048, 5 s, 30 s; a tenth of the traces in production, else all. */
export function tracingConfig(environment: Environment): TracingConfig {
  // The specification: an empty variable is as good as unset.
  const env = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const deployment = env("DEPLOYMENT_ENV") ?? "development";
  const resourceAttributes = pairs("OTEL_RESOURCE_ATTRIBUTES", env("OTEL_RESOURCE_ATTRIBUTES"));
  const maxQueueSize = whole("OTEL_BSP_MAX_QUEUE_SIZE", env("OTEL_BSP_MAX_QUEUE_SIZE"), 2048, 1);
  const maxExportBatchSize = whole(
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    env("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"),
    Math.min(512, maxQueueSize),
    1,
  );
  if (maxExportBatchSize > maxQueueSize) {
    throw new TracingConfigError(
      `OTEL_BSP_MAX_EXPORT_BATCH_SIZE is ${maxExportBatchSize}: it may not be over OTEL_BSP_MAX_QUEUE_SIZE (${maxQueueSize}).`,
    );
  }
  protocolIsGrpc("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", env("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"));
  protocolIsGrpc("OTEL_EXPORTER_OTLP_PROTOCOL", env("OTEL_EXPORTER_OTLP_PROTOCOL"));
  const ratioDefault = deployment === "production" ? 0.1 : 1;
  return {
    disabled: env("OTEL_SDK_DISABLED")?.toLowerCase() === "true",
    serviceName: env("OTEL_SERVICE_NAME") ?? resourceAttributes["service.name"] ?? "ai-agents-enhancement",
    resourceAttributes: {
      "deployment.environment": deployment,
      "deployment.environment.name": deployment,
      ...resourceAttributes,
    },
    sampler: oneOf(
      "OTEL_TRACES_SAMPLER",
      env("OTEL_TRACES_SAMPLER"),
      samplerNames,
      "parentbased_traceidratio",
    ),
    samplerRatio: ratio("OTEL_TRACES_SAMPLER_ARG", env("OTEL_TRACES_SAMPLER_ARG"), ratioDefault),
    endpoint: endpoint(env),
    headers: lowerCased(
      pairs(
        "OTEL_EXPORTER_OTLP_HEADERS",
        env("OTEL_EXPORTER_OTLP_TRACES_HEADERS") ?? env("OTEL_EXPORTER_OTLP_HEADERS"),
      ),
    ),
    compression: oneOf(
      "OTEL_EXPORTER_OTLP_COMPRESSION",
      env("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION") ?? env("OTEL_EXPORTER_OTLP_COMPRESSION"),
      ["none", "gzip"],
      "none",
    ),
    exportTimeoutMs: whole("OTEL_BSP_EXPORT_TIMEOUT", env("OTEL_BSP_EXPORT_TIMEOUT"), 30_000, 1),
    scheduleDelayMs: whole("OTEL_BSP_SCHEDULE_DELAY", env("OTEL_BSP_SCHEDULE_DELAY"), 5_000, 0),
    maxQueueSize,
    maxExportBatchSize,
  };
}

function endpoint(env: (name: string) => string | undefined): string | undefined {
  for (const name of ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]) {
    const value = env(name);
    if (value === undefined) continue;
    // gRPC endpoints may come without a scheme; OTEL_EXPORTER_OTLP_INSECURE then decides on TLS.
    const insecure = env("OTEL_EXPORTER_OTLP_INSECURE")?.toLowerCase() === "true";
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `${insecure ? "http" : "https"}://${value}`;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new TracingConfigError(`${name} is "${value}": expected http://host:port or https://host:port.`);
    }
    return url;
  }
  return undefined;
}

function protocolIsGrpc(name: string, value: string | undefined): void {
  if (value !== undefined && value !== "grpc") {
    throw new TracingConfigError(`${name} is "${value}": this version exports by grpc only.`);
  }
}

function oneOf<T extends string>(
  name: string,
  value: string | undefined,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined) return fallback;
  const found = allowed.find((candidate) => candidate === value.toLowerCase());
  if (found === undefined)
    throw new TracingConfigError(`${name} is "${value}": expected one of ${allowed.join(", ")}.`);
  return found;
}

function whole(name: string, value: string | undefined, fallback: number, least: number): number {
  if (value === undefined) return fallback;
  if (!/^\d{1,9}$/.test(value) || Number(value) < least) {
    throw new TracingConfigError(`${name} is "${value}": expected a whole number of at least ${least}.`);
  }
  return Number(value);
}

function ratio(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!(number >= 0 && number <= 1))
    throw new TracingConfigError(`${name} is "${value}": expected a number from 0 to 1.`);
  return number;
}

/** `k=v,k2=v2`, percent-encoded. The value is not repeated in the error: headers hold credentials. */
function pairs(name: string, value: string | undefined): Record<string, string> {
  const out: Record<string, string> = {};
  for (const pair of (value ?? "").split(",")) {
    if (pair.trim() === "") continue;
    const at = pair.indexOf("=");
    try {
      if (at < 1) throw new URIError("no key");
      out[decodeURIComponent(pair.slice(0, at).trim())] = decodeURIComponent(pair.slice(at + 1).trim());
    } catch (error) {
      throw new TracingConfigError(`${name}: expected key=value pairs joined by commas, percent-encoded.`, {
        cause: error,
      });
    }
  }
  return out;
}

function lowerCased(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key.toLowerCase(), value]));
}
