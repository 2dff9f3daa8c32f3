import type { ErrorCode } from "@throughline/api";
import { type HttpObserver, httpMetrics, type Metrics } from "@throughline/api/metrics";

/** What the front door counts. Labels are codes and statuses, never what a sender wrote. */
export interface WebhookObserver {
  answered: HttpObserver;
  refused(code: ErrorCode): void;
  /** A repeated delivery, or an event that makes no job. */
  settled(how: "repeated" | "own_event" | "filtered" | "collapsed"): void;
}

export function webhookMetrics(metrics: Metrics, underWay: () => number): WebhookObserver {
  const refusals = metrics.counter("webhook_refusals_total", "Webhooks refused, by code of the error.", [
    "reason",
  ]);
  const settled = metrics.counter(
    "webhook_settled_total",
    "Webhooks that made no job of their own, and why.",
    ["why"],
  );
  metrics.gauge("webhook_requests_active", "Webhooks under way in this process.", [], () => [
    [[], underWay()],
  ]);
  return {
    answered: httpMetrics(metrics, "webhook"),
    refused: (code) => refusals.add(1, code),
    settled: (how) => settled.add(1, how),
  };
}
