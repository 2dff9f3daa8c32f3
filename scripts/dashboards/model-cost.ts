import { type DashboardSpec, enhancer, type PanelSpec, tags } from "./panels.ts";

const tenant = 'tenant_id=~"$tenant"';
const calls = { service: enhancer, operation: "llm.openai.completion" };
const callsOfTenant = { ...calls, tags: tags({ "tenant.id": "${__field.labels.tenant_id}" }) };
const failedCalls = { ...calls, tags: tags({ error: "true" }) };

const now: PanelSpec[] = [
  {
    kind: "stat",
    title: "Spent in 24 hours",
    description: "By the prices of the models, US dollars.",
    unit: "currencyUSD",
    targets: [{ expr: `sum(increase(model_cost_usd_total{${tenant}}[24h]))`, legend: "spent" }],
    search: calls,
  },
  {
    kind: "stat",
    title: "For one note",
    description: "What the notes of the last 24 hours cost on average.",
    unit: "currencyUSD",
    targets: [
      {
        expr: `sum(increase(model_cost_usd_total{${tenant}}[24h])) / sum(increase(enhancement_requests_total{${tenant}, status=~"success|partial"}[24h]))`,
        legend: "a note",
      },
    ],
    search: calls,
  },
  {
    kind: "stat",
    title: "Tokens in 24 hours",
    description: "Input and output of all models.",
    unit: "short",
    targets: [{ expr: "sum(increase(model_tokens_total[24h]))", legend: "tokens" }],
    search: calls,
  },
  {
    kind: "stat",
    title: "Answers that could be used",
    description: "Share of the questions of the last hour that brought a note.",
    unit: "percentunit",
    badBelow: 0.95,
    targets: [
      {
        expr: 'sum(increase(model_requests_total{outcome="written"}[1h])) / sum(increase(model_requests_total{outcome=~"written|failed"}[1h]))',
        legend: "written",
      },
    ],
    search: failedCalls,
  },
];

const money: PanelSpec[] = [
  {
    title: "Dollars an hour by tenant",
    description: "At the pace of this time.",
    unit: "currencyUSD",
    stacked: true,
    targets: [
      {
        expr: `3600 * sum by (tenant_id) (rate(model_cost_usd_total{${tenant}}[$__rate_interval]))`,
        legend: "{{tenant_id}}",
      },
    ],
    search: callsOfTenant,
  },
  {
    title: "Dollars an hour by model",
    description: "At the pace of this time.",
    unit: "currencyUSD",
    stacked: true,
    targets: [
      {
        expr: `3600 * sum by (model) (rate(model_cost_usd_total{${tenant}}[$__rate_interval]))`,
        legend: "{{model}}",
      },
    ],
    search: { ...calls, tags: tags({ "gen_ai.request.model": "${__field.labels.model}" }) },
  },
  {
    kind: "bargauge",
    title: "Today's budget",
    description:
      "Share of the daily cap that each tenant has spent, in dollars or tokens. At 1 no model is asked.",
    unit: "percentunit",
    max: 1,
    bad: 0.8,
    targets: [
      {
        expr: `max by (tenant_id) (model_budget_used_ratio{${tenant}})`,
        legend: "{{tenant_id}}",
      },
    ],
    search: callsOfTenant,
  },
  {
    title: "Tokens",
    description: "Tokens a second, by model and direction.",
    unit: "ops",
    stacked: true,
    targets: [
      {
        expr: "sum by (model, direction) (rate(model_tokens_total[$__rate_interval]))",
        legend: "{{model}} {{direction}}",
      },
    ],
    search: { ...calls, tags: tags({ "gen_ai.request.model": "${__field.labels.model}" }) },
  },
];

const answers: PanelSpec[] = [
  {
    title: "Questions by outcome",
    description: "over_budget: the tenant's cap did not allow one. failed: no note came of it.",
    unit: "reqps",
    stacked: true,
    targets: [
      {
        expr: "sum by (model, outcome) (rate(model_requests_total[$__rate_interval]))",
        legend: "{{model}} {{outcome}}",
      },
    ],
    search: calls,
  },
  {
    title: "Why questions failed",
    description: "By type of the error, as it stands on the span.",
    unit: "reqps",
    stacked: true,
    targets: [
      {
        expr: 'sum by (model, error_type) (rate(model_requests_total{outcome="failed"}[$__rate_interval]))',
        legend: "{{model}} {{error_type}}",
      },
    ],
    search: failedCalls,
  },
  {
    title: "Time that models take",
    description: "Their retries included; points are single questions and lead to their traces.",
    unit: "s",
    width: 24,
    targets: [0.5, 0.95].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (model, le) (rate(model_request_duration_seconds_bucket[$__rate_interval])))`,
      legend: `p${quantile * 100} {{model}}`,
      exemplar: true,
    })),
    search: calls,
  },
];

export const modelCost: DashboardSpec = {
  uid: "throughline-model-cost",
  title: "Throughline: model cost",
  description: "What models cost, for whom, and what came of it.",
  byTenant: true,
  rows: [
    { title: "Now", panels: now },
    { title: "Money", panels: money },
    { title: "Answers", panels: answers },
  ],
};
