import { expect, test } from "vitest";
import { tracingConfig } from "./config.ts";

const read = (environment: Record<string, string> = {}) => tracingConfig(environment);

test("defaults are the specification's, and the guide's where they differ", () => {
  expect(read()).toMatchObject({
    disabled: false,
    exporters: ["otlp"],
    propagators: ["tracecontext", "baggage"],
    serviceName: "ai-agents-enhancement",
    resourceAttributes: {
      "deployment.environment": "development",
      "deployment.environment.name": "development",
    },
    sampler: { kind: "ratio", parentBased: true, ratio: 1 },
    otlp: {
      protocol: "grpc",
      endpoint: undefined,
      headers: {},
      compression: "none",
      timeoutMs: 10_000,
      tls: {},
    },
    batch: {
      maxQueueSize: 2048,
      maxExportBatchSize: 512,
      scheduleDelayMs: 5_000,
      exportTimeoutMs: 30_000,
      whenFull: "drop_newest",
    },
    spanLimits: {
      attributeCountLimit: 128,
      attributeValueLengthLimit: Number.POSITIVE_INFINITY,
      eventCountLimit: 128,
      linkCountLimit: 128,
    },
    slow: { thresholdMs: 60_000, rules: [] },
    spill: undefined,
  });
});

test("an empty variable is as good as unset", () => {
  expect(read({ OTEL_SERVICE_NAME: " ", OTEL_TRACES_SAMPLER: "", OTEL_BSP_MAX_QUEUE_SIZE: "" })).toEqual(
    read(),
  );
});

test.each([
  [{ DEPLOYMENT_ENV: "production" }, 0.1],
  [{ DEPLOYMENT_ENV: "production", OTEL_TRACES_SAMPLER: "traceidratio" }, 0.1],
  [{ DEPLOYMENT_ENV: "production", OTEL_TRACES_SAMPLER_ARG: "0.5" }, 0.5],
  [{ DEPLOYMENT_ENV: "staging" }, 1],
  [{ OTEL_TRACES_SAMPLER: "ALWAYS_OFF" }, 0],
  [{ OTEL_TRACES_SAMPLER: "parentbased_always_on", OTEL_TRACES_SAMPLER_ARG: "0.1" }, 1],
])("the ratio of %j is %d", (environment, ratio) =>
  expect(read(environment).sampler).toMatchObject({ ratio }),
);

const general = "OTEL_EXPORTER_OTLP_ENDPOINT";
const ofTraces = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
const http = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" };
test.each([
  [{ [general]: "http://a:4317" }, "http://a:4317"],
  [{ [general]: "http://a:4317", [ofTraces]: "http://b:1" }, "http://b:1"],
  [{ [general]: "a:4317" }, "https://a:4317"],
  [{ [general]: "a:4317", OTEL_EXPORTER_OTLP_INSECURE: "true" }, "http://a:4317"],
  [{ [general]: "https://a:4317/x", OTEL_EXPORTER_OTLP_INSECURE: "true" }, "https://a:4317"],
  [{ ...http, [general]: "http://a:4318" }, "http://a:4318/v1/traces"],
  [{ ...http, [general]: "http://a:4318/base/" }, "http://a:4318/base/v1/traces"],
  [{ ...http, [ofTraces]: "http://a:4318" }, "http://a:4318/"],
  [{ ...http, [ofTraces]: "http://a:4318/custom" }, "http://a:4318/custom"],
])("the endpoint of %j is %s", (environment, endpoint) =>
  expect(read(environment).otlp.endpoint).toBe(endpoint),
);

test("a variable of traces beats the general one, the service's name beats its attribute", () => {
  const config = read({
    OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20x,a=1",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "Api-Key=k%3D1",
    OTEL_EXPORTER_OTLP_TIMEOUT: "5",
    OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "0",
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
    OTEL_RESOURCE_ATTRIBUTES: "service.name=attr,team=a%2Cb,deployment.environment=prod",
    OTEL_SERVICE_NAME: "named",
    OTEL_ATTRIBUTE_COUNT_LIMIT: "5",
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "7",
    OTEL_PROPAGATORS: "b3, b3,jaeger",
    OTEL_TRACES_EXPORTER: "console,otlp",
    THROUGHLINE_SLOW_RULES: "POST /orders=5s, llm=500ms",
    THROUGHLINE_TRACES_SPILL_FILE: "/x",
    THROUGHLINE_TRACES_SPILL_LIMIT: "2MiB",
  });
  expect(config.otlp).toMatchObject({ headers: { "api-key": "k=1" }, timeoutMs: 0, compression: "gzip" });
  expect(config.serviceName).toBe("named");
  expect(config.resourceAttributes).toMatchObject({ team: "a,b", "deployment.environment": "prod" });
  expect(config.spanLimits).toMatchObject({ attributeCountLimit: 7, attributePerEventCountLimit: 5 });
  expect(config.propagators).toEqual(["b3", "jaeger"]);
  expect(config.exporters).toEqual(["console", "otlp"]);
  expect(config.slow.rules).toEqual([
    { name: "POST /orders", thresholdMs: 5_000 },
    { name: "llm", thresholdMs: 500 },
  ]);
  expect(config.spill).toEqual({ file: "/x", maxBytes: 2 * 1024 * 1024 });
  expect(read({ OTEL_TRACES_EXPORTER: "none", OTEL_PROPAGATORS: "none" })).toMatchObject({
    exporters: [],
    propagators: [],
  });
});

test("rules of sampling are read from one line", () => {
  const { sampler } = read({
    OTEL_TRACES_SAMPLER: "rules",
    OTEL_TRACES_SAMPLER_ARG: "priority=critical:1, tenant=acme&route=/webhook/*:0.5, *:0.1",
  });
  expect(sampler).toEqual({
    parentBased: false,
    kind: "rules",
    rules: [
      { conditions: [{ attribute: "ticket.priority", pattern: "critical" }], ratio: 1 },
      {
        conditions: [
          { attribute: "tenant.id", pattern: "acme" },
          { attribute: "http.route", pattern: "/webhook/*" },
        ],
        ratio: 0.5,
      },
      { conditions: [], ratio: 0.1 },
    ],
  });
});

test.each([
  ["OTEL_SDK_DISABLED", "yes", "true or false"],
  ["OTEL_TRACES_SAMPLER", "xray", "one of always_on"],
  ["OTEL_TRACES_SAMPLER_ARG", "1.5", "from 0 to 1"],
  ["OTEL_TRACES_EXPORTER", "zipkin", "otlp, console"],
  ["OTEL_PROPAGATORS", "smoke", "tracecontext, baggage"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x", "http://host:port"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "thrift", "one of grpc, http/protobuf, http/json"],
  ["OTEL_EXPORTER_OTLP_COMPRESSION", "brotli", "one of none, gzip"],
  ["OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "whole number"],
  ["OTEL_EXPORTER_OTLP_CERTIFICATE", "/nonexistent", "cannot be read"],
  ["OTEL_EXPORTER_OTLP_CERTIFICATE", import.meta.filename, "PEM"],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "0", "from 1"],
  ["OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096", "OTEL_BSP_MAX_QUEUE_SIZE (2048)"],
  ["OTEL_SPAN_EVENT_COUNT_LIMIT", "-1", "whole number from 0"],
  ["OTEL_CONFIG_FILE", "/etc/otel.yaml", "declarative configuration"],
  ["OTEL_LOG_LEVEL", "loud", "one of none"],
  ["THROUGHLINE_SLOW_THRESHOLD", "soon", "a duration"],
  ["THROUGHLINE_TRACES_SPILL_LIMIT", "much", "a size"],
  ["THROUGHLINE_TRACES_WHEN_FULL", "explode", "drop_newest, drop_oldest"],
])("%s=%s is refused with variable, value and what is allowed", (name, value, allowed) => {
  expect(() => read({ [name]: value })).toThrow(name);
  expect(() => read({ [name]: value })).toThrow(value);
  expect(() => read({ [name]: value })).toThrow(allowed);
});

test("a header that cannot be read is refused without repeating it: it may be a credential", () => {
  for (const value of ["hush", "a=b%zz-hush", "bad name=hush", "x=hush%0d%0ay"]) {
    expect(() => read({ OTEL_EXPORTER_OTLP_HEADERS: value })).toThrow(
      /^OTEL_EXPORTER_OTLP_HEADERS(?!.*hush)/,
    );
  }
});
