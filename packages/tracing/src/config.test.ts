import { expect, test } from "vitest";
import { tracingConfig } from "./index.ts";

test("without variables the guide's defaults hold", () => {
  expect(tracingConfig({})).toMatchObject({
    serviceName: "ai-agents-enhancement",
    sampler: "parentbased_traceidratio",
    samplerRatio: 1,
    endpoint: undefined,
    maxQueueSize: 2048,
    maxExportBatchSize: 512,
    scheduleDelayMs: 5000,
    exportTimeoutMs: 30_000,
    resourceAttributes: {
      "deployment.environment": "development",
      "deployment.environment.name": "development",
    },
  });
});

test("production samples a tenth", () => {
  expect(tracingConfig({ DEPLOYMENT_ENV: "production" })).toMatchObject({ samplerRatio: 0.1 });
});

test("the traces endpoint beats the general one, an empty variable is unset", () => {
  const general = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://general:4317" };
  expect(tracingConfig(general).endpoint).toBe("http://general:4317");
  expect(
    tracingConfig({ ...general, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://traces:4317" }).endpoint,
  ).toBe("http://traces:4317");
  expect(tracingConfig({ ...general, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "" }).endpoint).toBe(
    "http://general:4317",
  );
});

test("headers and resource attributes are percent-decoded", () => {
  const config = tracingConfig({
    OTEL_EXPORTER_OTLP_HEADERS: "X-Key=a%20b,other=1",
    OTEL_RESOURCE_ATTRIBUTES: "team=desk%2Cfront",
  });
  expect(config.headers).toEqual({ "x-key": "a b", other: "1" });
  expect(config.resourceAttributes).toMatchObject({ team: "desk,front" });
});

test.each([
  ["OTEL_TRACES_SAMPLER", "sometimes"],
  ["OTEL_TRACES_SAMPLER_ARG", "1.5"],
  ["OTEL_BSP_MAX_QUEUE_SIZE", "many"],
  ["OTEL_BSP_SCHEDULE_DELAY", "-1"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "ftp://x"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"],
])("a wrong %s stops with its name and value", (name, value) => {
  expect(() => tracingConfig({ [name]: value })).toThrow(name);
  expect(() => tracingConfig({ [name]: value })).toThrow(value);
});

test("a wrong header variable does not show what it holds", () => {
  expect(() => tracingConfig({ OTEL_EXPORTER_OTLP_HEADERS: "s3cret%zz" })).toThrow(
    /^(?!.*s3cret).*OTEL_EXPORTER_OTLP_HEADERS/,
  );
});
