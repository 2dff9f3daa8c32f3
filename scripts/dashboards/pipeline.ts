import { type DashboardSpec, enhancer, type PanelSpec, tags } from "./panels.ts";

const webhooks = { service: enhancer, operation: "POST /webhook/servicedesk" };
const queued = { service: enhancer, operation: "job_queued" };
const work = { service: enhancer, operation: "enhance_ticket" };
const desk = { service: enhancer, operation: "api.servicedesk_plus.update_ticket" };
const errors = { service: enhancer, tags: tags({ error: "true" }) };
const all = { service: enhancer };

const receiver: PanelSpec[] = [
  {
    title: "Webhooks by status",
    description: "Answers of the webhook address.",
    unit: "reqps",
    stacked: true,
    targets: [
      {
        expr: 'sum by (status) (rate(http_requests_total{listener="webhook", route=~"/webhook/.*|unmatched"}[$__rate_interval]))',
        legend: "{{status}}",
      },
    ],
    search: webhooks,
  },
  {
    title: "Webhooks refused",
    description: "By code of the error; docs/errors.md says what each means.",
    unit: "reqps",
    stacked: true,
    targets: [
      {
        expr: "sum by (reason) (rate(webhook_refusals_total[$__rate_interval]))",
        legend: "{{reason}}",
      },
    ],
    search: { ...webhooks, tags: tags({ error: "true" }) },
  },
  {
    title: "Time to answer a webhook",
    description: "Points are single webhooks and lead to their traces.",
    unit: "s",
    targets: [0.5, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (le) (rate(http_request_duration_seconds_bucket{listener="webhook", route=~"/webhook/.*"}[$__rate_interval])))`,
      legend: `p${quantile * 100}`,
      exemplar: true,
    })),
    search: webhooks,
  },
  {
    title: "Webhooks that made no job of their own",
    description:
      "repeated: sent again. collapsed: part of a job that waits. filtered, own_event: not wanted.",
    unit: "reqps",
    stacked: true,
    targets: [{ expr: "sum by (why) (rate(webhook_settled_total[$__rate_interval]))", legend: "{{why}}" }],
    search: webhooks,
  },
];

const queue: PanelSpec[] = [
  {
    title: "Jobs",
    description: "waiting over 100 fires an alert.",
    unit: "short",
    bad: 100,
    targets: [
      { expr: "max by (queue_name) (queue_depth)", legend: "waiting" },
      { expr: "max by (queue_name) (queue_active_jobs)", legend: "in workers' hands" },
      { expr: "max by (queue_name) (queue_dead_jobs)", legend: "dead letters" },
    ],
    search: queued,
  },
  {
    title: "Oldest job that waits",
    description: "Over 10 minutes an alert fires, unless the queue is paused.",
    unit: "s",
    bad: 600,
    targets: [{ expr: "max by (queue_name) (queue_oldest_job_age_seconds)", legend: "{{queue_name}}" }],
    search: queued,
  },
  {
    title: "Workers",
    description: "Workers that take jobs, their places, and the jobs under way.",
    unit: "short",
    targets: [
      { expr: "sum(worker_active_count)", legend: "workers" },
      { expr: "sum(worker_jobs_limit)", legend: "places" },
      { expr: "sum(worker_jobs_active)", legend: "jobs under way" },
    ],
    search: work,
  },
];

const desks: PanelSpec[] = [
  {
    title: "Calls to desks by outcome",
    description: "refused: asking again gives the same answer. throttled: the desk asked to come later.",
    unit: "reqps",
    stacked: true,
    targets: [
      {
        expr: "sum by (desk, outcome) (rate(desk_requests_total[$__rate_interval]))",
        legend: "{{desk}} {{outcome}}",
      },
    ],
    search: desk,
  },
  {
    title: "Time that desks take",
    description: "95th percentile by what they were asked.",
    unit: "s",
    targets: [
      {
        expr: "histogram_quantile(0.95, sum by (desk, operation, le) (rate(desk_request_duration_seconds_bucket[$__rate_interval])))",
        legend: "{{desk}} {{operation}}",
        exemplar: true,
      },
    ],
    search: desk,
  },
];

const spans: PanelSpec[] = [
  {
    title: "Spans",
    description: "Begun, taken by the trace backend, lost.",
    unit: "ops",
    targets: [
      { expr: "sum(rate(otel_sdk_span_started_total[$__rate_interval]))", legend: "begun" },
      {
        expr: 'sum(rate(otel_sdk_exporter_span_exported_total{error_type=""}[$__rate_interval]))',
        legend: "taken",
      },
      { expr: "sum(rate(throughline_spans_dropped_total[$__rate_interval]))", legend: "lost" },
    ],
    search: all,
  },
  {
    title: "Span queue",
    description: "How full it is; what does not fit is lost.",
    unit: "percentunit",
    max: 1,
    bad: 0.8,
    targets: [
      {
        expr: "otel_sdk_processor_span_queue_size / otel_sdk_processor_span_queue_capacity",
        legend: "{{instance}}",
      },
    ],
    search: all,
  },
  {
    title: "Time that exports take",
    description: "95th percentile of requests with spans, retries included; over 5 s an alert fires.",
    unit: "s",
    bad: 5,
    targets: [
      {
        expr: "histogram_quantile(0.95, sum by (instance, le) (rate(otel_sdk_exporter_operation_duration_seconds_bucket[$__rate_interval])))",
        legend: "{{instance}}",
      },
    ],
    search: all,
  },
  {
    title: "Exports that fail",
    description: "Share of the requests with spans that the trace backend did not take.",
    unit: "percentunit",
    max: 1,
    bad: 0.5,
    targets: [
      {
        expr: "sum by (instance) (rate(throughline_span_exports_failed_total[$__rate_interval])) / sum by (instance) (rate(otel_sdk_exporter_operation_duration_seconds_count[$__rate_interval]))",
        legend: "{{instance}}",
      },
    ],
    search: all,
  },
];

const processes: PanelSpec[] = [
  {
    title: "CPU",
    description: "Of each process, all its threads; 1 is one core.",
    unit: "short",
    width: 8,
    targets: [
      {
        expr: "rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) throughline_build_info",
        legend: "{{role}} {{instance}}",
      },
    ],
    search: all,
  },
  {
    title: "Memory",
    description: "Resident memory of each process.",
    unit: "bytes",
    width: 8,
    targets: [
      {
        expr: "process_resident_memory_bytes and on (instance) throughline_build_info",
        legend: "{{role}} {{instance}}",
      },
    ],
    search: all,
  },
  {
    title: "Event loop and garbage collection",
    description: "99th percentile of the loop's delay, and the share of time in collections.",
    unit: "short",
    width: 8,
    targets: [
      { expr: "nodejs_eventloop_lag_p99_seconds", legend: "delay, s {{role}} {{instance}}" },
      {
        expr: "sum by (role, instance) (rate(nodejs_gc_duration_seconds_sum[$__rate_interval]))",
        legend: "collecting {{role}} {{instance}}",
      },
    ],
    search: all,
  },
];

export const pipeline: DashboardSpec = {
  uid: "throughline-pipeline",
  title: "Throughline: pipeline",
  description: "From the webhook over queue, worker and desk to the spans that leave.",
  byTenant: false,
  rows: [
    { title: "Receiver", panels: receiver },
    { title: "Queue and workers", panels: queue },
    { title: "Desks", panels: desks },
    { title: "Spans on their way", panels: spans },
    { title: "Processes", panels: processes },
    {
      title: "Errors",
      panels: [
        {
          title: "HTTP answers of 5xx by route",
          description: "Of every listener of every process.",
          unit: "reqps",
          width: 24,
          targets: [
            {
              expr: 'sum by (listener, route, status) (rate(http_requests_total{status=~"5.."}[$__rate_interval]))',
              legend: "{{listener}} {{route}} {{status}}",
            },
          ],
          search: errors,
        },
      ],
    },
  ],
};
