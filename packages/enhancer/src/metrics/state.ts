import type { QueueStatus } from "@throughline/api";
import { labelValueLimit, type Metrics, type Readings } from "@throughline/api/metrics";
import type { Spending } from "../records/spending.ts";
import type { TenantInfo } from "../tenants/tenant.ts";

/** Figures of the queue, read when somebody asks: the same in every process that has it. */
export function queueMetrics(metrics: Metrics, status: () => Promise<QueueStatus>): void {
  // Those who scrape ask for all figures at once: the queue is asked for one of them.
  let asked: Promise<QueueStatus> | undefined;
  const read = () => (asked ??= status().finally(() => (asked = undefined)));
  const gauge = (name: string, help: string, of: (status: QueueStatus) => number) =>
    metrics.gauge(name, help, ["queue_name"], async () => {
      const now = await read();
      return [[[now.name], of(now)]];
    });
  gauge("queue_depth", "Jobs that wait.", ({ waiting }) => waiting);
  gauge("queue_active_jobs", "Jobs in workers' hands.", ({ active }) => active);
  gauge("queue_dead_jobs", "Jobs in the dead letter.", ({ dead }) => dead);
  gauge(
    "queue_oldest_job_age_seconds",
    "How long ago the oldest of the jobs came that wait; 0 where none does.",
    ({ oldestWaitingMs }) => (oldestWaitingMs ?? 0) / 1_000,
  );
  gauge("queue_paused", "1 while an operator has paused the queue.", ({ paused }) => (paused ? 1 : 0));
}

/** Figures of this process's worker. */
export function workerMetrics(
  metrics: Metrics,
  worker: { readonly active: number; readonly places: number; readonly isTaking: boolean },
): void {
  metrics.gauge("worker_active_count", "Workers of this process that take jobs.", ["worker_type"], () => [
    [["enhancement"], worker.isTaking ? 1 : 0],
  ]);
  metrics.gauge("worker_jobs_active", "Jobs under way in this process.", [], () => [[[], worker.active]]);
  metrics.gauge("worker_jobs_limit", "Jobs that this process takes at once.", [], () => [
    [[], worker.places],
  ]);
}

/** Budgets are spent by the ticket, not by the second. */
const budgetsEveryMs = 10_000;

/** How far tenants are through what they may spend on models today (UTC), in dollars or tokens, whichever is more. */
export function budgetMetrics(
  metrics: Metrics,
  spending: Pick<Spending, "spentByTenant">,
  tenants: () => Promise<TenantInfo[]>,
  now: () => number = Date.now,
): void {
  let known: Readings = [];
  let readAt = Number.NEGATIVE_INFINITY;
  metrics.gauge(
    "model_budget_used_ratio",
    "Share of its daily cap that a tenant has spent on models today, 1 at the cap.",
    ["tenant_id"],
    async () => {
      if (now() - readAt < budgetsEveryMs) return known;
      const capped = (await tenants()).filter(
        ({ settings: { budget } }) => budget.dayUsd !== null || budget.dayTokens !== null,
      );
      const spent = await spending.spentByTenant(
        capped.map(({ id }) => id),
        new Date(now()).toISOString().slice(0, 10),
      );
      const readings = capped.map(({ id, settings: { budget } }) => {
        const { usd = 0, tokens = 0 } = spent.get(id) ?? {};
        return [[id], Math.max(share(usd, budget.dayUsd), share(tokens, budget.dayTokens))] as const;
      });
      // Where there are too many, those that are nearest to their cap.
      known = readings.sort(([, a], [, b]) => b - a).slice(0, labelValueLimit);
      readAt = now();
      return known;
    },
  );
}

function share(spent: number, cap: number | null): number {
  return cap === null ? 0 : spent / cap;
}
