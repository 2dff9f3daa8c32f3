import type { QueueStatus } from "@throughline/api";
import type { Counter, Histogram, Metrics } from "@throughline/api/metrics";
import { SuccessRate } from "./success-rate.ts";

/** From a quick failure to an attempt with all its retries, seconds. */
const durationBounds = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600,
];

export interface JobResult {
  tenantId: string;
  status: "success" | "partial" | "skipped" | "failed";
  /** From the webhook's acceptance to the outcome, queue and retries included. */
  seconds: number;
  traceId: string | undefined;
}

/** What the enhancer counts. Names that the guide has are the guide's. */
export class EnhancerMetrics {
  private readonly requests: Counter;
  private readonly durations: Histogram;
  private readonly successes = new SuccessRate(Date.now);

  constructor(metrics: Metrics) {
    this.requests = metrics.counter(
      "enhancement_requests_total",
      "Tickets whose enhancement ended, by outcome.",
      ["tenant_id", "status"],
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

  readonly observeJob = ({ tenantId, status, seconds, traceId }: JobResult): void => {
    this.requests.add(1, tenantId, status);
    this.durations.observe(seconds, [tenantId, status], traceId);
    if (status !== "skipped") this.successes.add(tenantId, status !== "failed");
  };
}

/** Figures of the queue, read when somebody asks. */
export function queueMetrics(metrics: Metrics, status: () => Promise<QueueStatus>): void {
  metrics.gauge("queue_depth", "Jobs that wait.", ["queue_name"], async () => {
    const { name, waiting } = await status();
    return [[[name], waiting]];
  });
  metrics.gauge("queue_dead_jobs", "Jobs in the dead letter.", ["queue_name"], async () => {
    const { name, dead } = await status();
    return [[[name], dead]];
  });
}

/** Figures of this process's worker. */
export function workerMetrics(metrics: Metrics, worker: { readonly active: number }): void {
  metrics.gauge("worker_active_count", "Workers of this process that take jobs.", ["worker_type"], () => [
    [["enhancement"], 1],
  ]);
  metrics.gauge("worker_jobs_active", "Jobs under way in this process.", [], () => [[[], worker.active]]);
}
