import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";

/**
 * CLIENT spans for the global `fetch` and for `undici`, with the context in the requests' headers: OpenTelemetry's instrumentation, which
 * listens to undici's diagnostics channels and so needs no loader hook. Returns what ends it.
 */
export function undiciTracing(): () => void {
  const instrumentation = new UndiciInstrumentation({ requireParentforSpans: false });
  instrumentation.enable();
  return () => instrumentation.disable();
}
