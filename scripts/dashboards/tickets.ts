import { type DashboardSpec, enhancer, type PanelSpec, tags } from "./panels.ts";

const tenant = 'tenant_id=~"$tenant"';
const ended = `enhancement_requests_total{${tenant}, status!="skipped"}`;
const enhanced = `enhancement_requests_total{${tenant}, status=~"success|partial"}`;
const buckets = `enhancement_duration_seconds_bucket{${tenant}, status!="skipped"}`;
const every = { service: enhancer, operation: "enhance_ticket" };
const failed = { service: enhancer, tags: tags({ "enhancement.status": "failed" }) };
const slow = { service: enhancer, tags: tags({ slow_trace: "true" }) };
const ofTenant = {
  service: enhancer,
  operation: "enhance_ticket",
  tags: tags({ "tenant.id": "${__field.labels.tenant_id}" }),
};

const now: PanelSpec[] = [
  {
    kind: "stat",
    title: "Tickets ended in the last hour",
    description: "Tickets that ended with a note or without one; those that wanted none are left out.",
    unit: "short",
    targets: [{ expr: `sum(increase(${ended}[1h]))`, legend: "tickets" }],
    search: every,
  },
  {
    kind: "stat",
    title: "Enhanced in the last hour",
    description: "Share of them that got a note. Objective: 99 %.",
    unit: "percentunit",
    targets: [{ expr: `sum(increase(${enhanced}[1h])) / sum(increase(${ended}[1h]))`, legend: "enhanced" }],
    search: failed,
    badBelow: 0.99,
  },
  {
    kind: "stat",
    title: "Within 60 s in the last hour",
    description: "Share of the notes that were written within 60 s of the webhook. Objective: 95 %.",
    unit: "percentunit",
    targets: [
      {
        expr: `sum(increase(enhancement_duration_seconds_bucket{${tenant}, status=~"success|partial", le=~"60([.]0)?"}[1h])) / sum(increase(enhancement_duration_seconds_count{${tenant}, status=~"success|partial"}[1h]))`,
        legend: "in time",
      },
    ],
    search: slow,
    badBelow: 0.95,
  },
  {
    kind: "stat",
    title: "Dead letters",
    description: "Tickets that ended without a note and wait for somebody to retry or discard them.",
    unit: "short",
    targets: [{ expr: "max(queue_dead_jobs)", legend: "dead letters" }],
    search: failed,
    bad: 1,
  },
];

const outcomes: PanelSpec[] = [
  {
    title: "Tickets by outcome",
    description: "partial: with a note that lacks something. skipped: no note was wanted.",
    unit: "ops",
    stacked: true,
    targets: [
      {
        expr: `sum by (status) (rate(enhancement_requests_total{${tenant}}[$__rate_interval]))`,
        legend: "{{status}}",
      },
    ],
    search: { ...every, tags: tags({ "enhancement.status": "${__field.labels.status}" }) },
  },
  {
    title: "Success rate by tenant",
    description: "Percent of the tickets of the last 15 minutes that got a note; under 95 an alert fires.",
    unit: "percent",
    max: 100,
    badBelow: 95,
    targets: [{ expr: `avg by (tenant_id) (enhancement_success_rate{${tenant}})`, legend: "{{tenant_id}}" }],
    search: ofTenant,
  },
  {
    title: "From webhook to note",
    description: "Queue and retries included; points are single tickets and lead to their traces.",
    unit: "s",
    bad: 120,
    targets: [0.5, 0.95, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (le) (rate(${buckets}[$__rate_interval])))`,
      legend: `p${quantile * 100}`,
      exemplar: true,
    })),
    search: slow,
  },
  {
    title: "95th percentile by tenant",
    description: "Over 2 minutes an alert fires.",
    unit: "s",
    bad: 120,
    targets: [
      {
        expr: `histogram_quantile(0.95, sum by (tenant_id, le) (rate(${buckets}[$__rate_interval])))`,
        legend: "{{tenant_id}}",
      },
    ],
    search: ofTenant,
  },
  {
    kind: "heatmap",
    title: "Durations",
    description: "How many tickets took how long.",
    unit: "short",
    targets: [{ expr: `sum by (le) (increase(${buckets}[$__rate_interval]))`, legend: "{{le}}" }],
    search: every,
  },
  {
    title: "Attempts made again",
    description: "failed: the attempt ended with an error. throttled: the desk asked to come later.",
    unit: "ops",
    stacked: true,
    targets: [
      {
        expr: `sum by (why) (rate(enhancement_retries_total{${tenant}}[$__rate_interval]))`,
        legend: "{{why}}",
      },
    ],
    search: { service: enhancer, tags: tags({ error: "true" }) },
  },
];

const objectives: PanelSpec[] = [
  {
    title: "Tickets without a note",
    description: "Share over a short and two long windows; above 1 % the month's budget will not last.",
    unit: "percentunit",
    bad: 0.01,
    targets: ["1h", "6h", "3d"].map((window) => ({
      expr: `throughline:enhancement_failed:ratio_rate${window}`,
      legend: window,
    })),
    search: failed,
  },
  {
    title: "Tickets over 60 s",
    description: "Share over a short and two long windows; above 5 % the month's budget will not last.",
    unit: "percentunit",
    bad: 0.05,
    targets: ["1h", "6h", "3d"].map((window) => ({
      expr: `throughline:enhancement_late:ratio_rate${window}`,
      legend: window,
    })),
    search: slow,
  },
];

export const tickets: DashboardSpec = {
  uid: "throughline-tickets",
  title: "Throughline: tickets",
  description: "What became of tickets, and how long it took.",
  byTenant: true,
  rows: [
    { title: "Now", panels: now },
    { title: "Outcomes", panels: outcomes },
    { title: "Objectives of 30 days", panels: objectives },
  ],
};
