export { type Counter, type Histogram, labelValueLimit, Metrics, type Readings } from "./registry.ts";
export { metricsFormat, metricsText } from "./text.ts";
