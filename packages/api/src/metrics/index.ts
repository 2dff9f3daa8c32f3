export { type AnsweredRequest, type HttpObserver, httpMetrics, observeServer } from "./http.ts";
export { type Counter, type Histogram, Metrics, type Readings } from "./registry.ts";
export { labelValueLimit, otherLabel } from "./series.ts";
export { metricsFormat, metricsText } from "./text.ts";
