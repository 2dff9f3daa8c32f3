import type { QueueStatus } from "@throughline/api";

/** What the enhancer counts, in Prometheus' text format. Metric names are the guide's. */
export class EnhancerMetrics {
  private readonly requests = new Map<string, number>();
  private readonly seconds = new Map<string, number>();
  private readonly webhooks = new Map<number, number>();

  readonly observeWebhook = (status: number): void => add(this.webhooks, status, 1);

  readonly observeJob = (result: { tenantId: string; status: string; seconds: number }): void => {
    const labels = `tenant_id="${result.tenantId}",status="${result.status}"`;
    add(this.requests, labels, 1);
    add(this.seconds, labels, result.seconds);
  };

  text(queue: QueueStatus, activeJobs: number | undefined): string {
    const lines = [
      "# HELP enhancement_requests_total Tickets whose enhancement ended.",
      "# TYPE enhancement_requests_total counter",
      ...[...this.requests].map(([labels, value]) => `enhancement_requests_total{${labels}} ${value}`),
      "# HELP enhancement_duration_seconds Seconds from webhook to outcome.",
      "# TYPE enhancement_duration_seconds summary",
      ...[...this.seconds].map(([labels, value]) => `enhancement_duration_seconds_sum{${labels}} ${value}`),
      ...[...this.requests].map(
        ([labels, value]) => `enhancement_duration_seconds_count{${labels}} ${value}`,
      ),
      "# HELP webhook_requests_total Webhooks answered, by HTTP status.",
      "# TYPE webhook_requests_total counter",
      ...[...this.webhooks].map(([status, value]) => `webhook_requests_total{code="${status}"} ${value}`),
      "# HELP queue_depth Jobs that wait.",
      "# TYPE queue_depth gauge",
      `queue_depth{queue_name="${queue.name}"} ${queue.waiting}`,
      "# HELP queue_dead_jobs Jobs in the dead letter.",
      "# TYPE queue_dead_jobs gauge",
      `queue_dead_jobs{queue_name="${queue.name}"} ${queue.dead}`,
    ];
    if (activeJobs !== undefined) {
      lines.push(
        "# HELP worker_active_count Workers of this process that take jobs.",
        "# TYPE worker_active_count gauge",
        `worker_active_count{worker_type="enhancement"} 1`,
        "# HELP worker_jobs_active Jobs under way in this process.",
        "# TYPE worker_jobs_active gauge",
        `worker_jobs_active ${activeJobs}`,
      );
    }
    return `${lines.join("\n")}\n`;
  }
}

function add<K>(map: Map<K, number>, key: K, value: number): void {
  map.set(key, (map.get(key) ?? 0) + value);
}
