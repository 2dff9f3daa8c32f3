import type { Counter, Histogram, Metrics } from "@throughline/api/metrics";
import { SuccessRate } from "./success-rate.ts";

/** From a quick failure to an attempt with all its retries, seconds. */
const durationBounds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600,
];
const statuses = ["success", "partial", "skipped", "failed"] as const;

export interface JobResult {
  tenantId: string;
  status: (typeof statuses)[number];
  /** From the webhook's acceptance to the outcome, queue and retries included. */
  seconds: number;
  /** Where the trace is kept. */
  traceId: string | undefined;
}

/** What became of tickets. Names that the guide has are the guide's. */
export class TicketMetrics {
  private readonly requests: Counter;
  private readonly retries: Counter;
  private readonly durations: Histogram;
  private readonly successes = new SuccessRate(Date.now);

  constructor(metrics: Metrics) {
    this.requests = metrics.counter(
      "enhancement_requests_total",
      "Tickets whose enhancement ended, by outcome.",
      ["tenant_id", "status"],
    );
    this.retries = metrics.counter(
      "enhancement_retries_total",
      "Attempts that ended without an outcome and are made again, and why.",
      ["tenant_id", "why"],
    );
    this.durations = metrics.histogram(
      "enhancement_duration_seconds",
      "Seconds from the webhook's acceptance to the outcome, queue and retries included.",
      ["tenant_id", "status"],
      durationBounds,
    );
    metrics.gauge(
      "enhancement_success_rate",
      "Percent of the last 15 minutes' ended tickets that got a note.",
      ["tenant_id"],
      () => this.successes.read(),
    );
  }

  ended({ tenantId, status, seconds, traceId }: JobResult): void {
    // All outcomes of a tenant are there from its first ticket on: the rate of a rare one sees its first event.
    for (const one of statuses) this.requests.add(one === status ? 1 : 0, tenantId, one);
    this.durations.observe(seconds, [tenantId, status], traceId);
    if (status !== "skipped") this.successes.add(tenantId, status !== "failed");
  }

  /** `throttled`: the desk asked to come later. */
  retried(tenantId: string, why: "failed" | "throttled"): void {
    this.retries.add(1, tenantId, why);
  }
}
