import { Metrics, metricsFormat, metricsText } from "@throughline/api/metrics";
import { expect, test } from "vitest";
import { tenantSettings } from "../tenants/settings.ts";
import type { TenantInfo } from "../tenants/tenant.ts";
import { budgetMetrics, queueMetrics } from "./state.ts";

async function textOf(metrics: Metrics): Promise<string> {
  const families = await metrics.collect((error) => expect.unreachable(String(error)));
  return metricsText(families, metricsFormat(undefined));
}

function tenant(id: string, budget: object): TenantInfo {
  const settings = tenantSettings.parse({
    desk: { kind: "servicedesk-plus", url: "http://desk.example" },
    budget,
  });
  return { id, settings, revision: 1, createdAt: 0, updatedAt: 0 };
}

test("a budget is told as the share that is spent of the cap that is nearest, and only where there is a cap", async () => {
  const metrics = new Metrics();
  const asked: unknown[] = [];
  let now = Date.parse("2026-11-24T12:00:00Z");
  const spent = new Map([
    ["dollars", { usd: 4, tokens: 10 }],
    ["tokens", { usd: 0, tokens: 90 }],
  ]);
  budgetMetrics(
    metrics,
    {
      spentByTenant: (ids, day) => {
        asked.push([ids, day]);
        return Promise.resolve(spent);
      },
    },
    () =>
      Promise.resolve([
        tenant("dollars", { dayUsd: 5, dayTokens: 100 }),
        tenant("none", {}),
        tenant("tokens", { dayTokens: 100 }),
        tenant("unused", { dayUsd: 5 }),
      ]),
    () => now,
  );
  const text = await textOf(metrics);
  expect(text.split("\n").filter((line) => line.startsWith("model_"))).toEqual([
    'model_budget_used_ratio{tenant_id="tokens"} 0.9',
    'model_budget_used_ratio{tenant_id="dollars"} 0.8',
    'model_budget_used_ratio{tenant_id="unused"} 0',
  ]);
  // Scrapes that follow one another ask the database once.
  now += 5_000;
  await textOf(metrics);
  expect(asked).toEqual([[["dollars", "tokens", "unused"], "2026-11-24"]]);
  now += 6_000;
  await textOf(metrics);
  expect(asked).toHaveLength(2);
});

test("a scrape asks the queue once for all its figures", async () => {
  const metrics = new Metrics();
  let asked = 0;
  queueMetrics(metrics, () => {
    asked++;
    const none = { pausedTenants: [], heldTenants: [], done: 0 };
    return Promise.resolve({
      ...none,
      name: "enhancements",
      paused: true,
      waiting: 3,
      active: 2,
      dead: 1,
      oldestWaitingMs: 1_500,
    });
  });
  const text = await textOf(metrics);
  for (const line of [
    'queue_depth{queue_name="enhancements"} 3',
    'queue_active_jobs{queue_name="enhancements"} 2',
    'queue_dead_jobs{queue_name="enhancements"} 1',
    'queue_oldest_job_age_seconds{queue_name="enhancements"} 1.5',
    'queue_paused{queue_name="enhancements"} 1',
  ])
    expect(text).toContain(`${line}\n`);
  expect(asked).toBe(1);
  await textOf(metrics);
  expect(asked).toBe(2);
});
