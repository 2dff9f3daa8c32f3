export { wallClockMs } from "./clock.ts";
export { type TracingConfig, tracingConfig } from "./config/config.ts";
export { TracingConfigError } from "./config/values.ts";
export { RedactionAndSlowTraceExporter } from "./exporter.ts";
export { type TracingCounts } from "./metrics.ts";
export { RedactionSpanProcessor, SlowTraceProcessor } from "./processors.ts";
export { withConsumerSpan, withProducerSpan } from "./messaging.ts";
export {
  asHeaders,
  type Carrier,
  extractCarrier,
  injectCarrier,
  remoteLink,
  withForcedTrace,
} from "./propagation.ts";
export { type OtlpPlace, type OtlpProbe, probeOtlp } from "./probe.ts";
export { initTracerProvider, type Tracing, type TracingOptions } from "./provider.ts";
export { type RebuiltSpan, withAncestors } from "./tail-buffer.ts";
