import type { ErrorCode } from "@throughline/api";
import type { Metrics } from "@throughline/api/metrics";

/** What the front door counts. Labels are codes and statuses, never what a sender wrote. */
export interface WebhookObserver {
  answered(status: number, seconds: number): void;
  refused(code: ErrorCode): void;
  /** A repeated delivery, or an event that makes no job. */
  settled(how: "repeated" | "own_event" | "filtered" | "collapsed"): void;
}

const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function webhookMetrics(metrics: Metrics, underWay: () => number): WebhookObserver {
  const answers = metrics.counter("webhook_requests_total", "Webhooks answered, by HTTP status.", ["code"]);
  const durations = metrics.histogram(
    "webhook_duration_seconds",
    "Seconds from a webhook's last byte to its answer.",
    [],
    durationBounds,
  );
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
    answered: (status, seconds) => {
      answers.add(1, String(status));
      durations.observe(seconds, [], undefined);
    },
    refused: (code) => refusals.add(1, code),
    settled: (how) => settled.add(1, how),
  };
}
