export { wallClockMs } from "./clock.ts";
export { type TracingConfig, tracingConfig, TracingConfigError } from "./config.ts";
export { type Carrier, extractCarrier, injectCarrier, remoteLink } from "./propagation.ts";
export { initTracerProvider, type Tracing, type TracingOptions } from "./provider.ts";
