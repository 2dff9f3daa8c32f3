import { type DashboardSpec, type PanelSpec, tags } from "./panels.ts";

/** Spans of every service come in here. */
const every = {};
const ofTenant = { tags: tags({ "tenant.id": "${__field.labels.tenant_id}" }) };

const now: PanelSpec[] = [
  {
    kind: "stat",
    title: "Spans a second",
    description: "Stored over the last 5 minutes.",
    unit: "ops",
    targets: [{ expr: "sum(rate(throughline_traces_spans_accepted_total[5m]))", legend: "spans" }],
    search: every,
  },
  {
    kind: "stat",
    title: "Bytes of a span",
    description: "On the disk, all columns and indexes together.",
    unit: "bytes",
    targets: [
      {
        expr: "sum(throughline_traces_block_bytes) / sum(throughline_traces_block_spans)",
        legend: "a span",
      },
    ],
    search: every,
  },
  {
    kind: "stat",
    title: "Disk that is free",
    description: "Of the data directory's file system; under a tenth an alert fires.",
    unit: "percentunit",
    badBelow: 0.1,
    targets: [
      {
        expr: "min(throughline_data_disk_available_bytes / throughline_data_disk_size_bytes)",
        legend: "free",
      },
    ],
    search: every,
  },
  {
    kind: "stat",
    title: "Certificates end in",
    description: "The first of them; nothing where there is no TLS. Under 14 days an alert fires.",
    unit: "s",
    badBelow: 14 * 86_400,
    targets: [
      { expr: "min(throughline_tls_certificate_expiry_timestamp_seconds) - time()", legend: "first" },
    ],
    search: every,
  },
];

const ingest: PanelSpec[] = [
  {
    title: "Spans stored",
    description: "By protocol.",
    unit: "ops",
    stacked: true,
    targets: [
      {
        expr: "sum by (encoding) (rate(throughline_traces_spans_accepted_total[$__rate_interval]))",
        legend: "{{encoding}}",
      },
    ],
    search: every,
  },
  {
    title: "Bytes received",
    description: "After inflating, by protocol.",
    unit: "Bps",
    stacked: true,
    targets: [
      {
        expr: "sum by (encoding) (rate(throughline_traces_received_bytes_total[$__rate_interval]))",
        legend: "{{encoding}}",
      },
    ],
    search: every,
  },
  {
    title: "Not stored",
    description:
      "Requests refused whole or for their token's limits, spans with invalid ids, datagrams unread or without room.",
    unit: "ops",
    targets: [
      {
        expr: "sum(rate(throughline_traces_batches_refused_total[$__rate_interval]))",
        legend: "requests refused",
      },
      {
        expr: "sum(rate(throughline_traces_rate_limited_total[$__rate_interval]))",
        legend: "requests over a limit",
      },
      {
        expr: "sum(rate(throughline_traces_spans_rejected_total[$__rate_interval]))",
        legend: "spans rejected",
      },
      {
        expr: "sum(rate(throughline_traces_datagrams_malformed_total[$__rate_interval]))",
        legend: "datagrams unread",
      },
      {
        expr: "sum(rate(throughline_traces_datagrams_lost_total[$__rate_interval]))",
        legend: "datagrams lost",
      },
    ],
    search: every,
  },
  {
    title: "Time to store a request",
    description: "Until its spans are as durable as --durability says.",
    unit: "s",
    targets: [0.5, 0.99].map((quantile) => ({
      expr: `histogram_quantile(${quantile}, sum by (le) (rate(throughline_traces_append_duration_seconds_bucket[$__rate_interval])))`,
      legend: `p${quantile * 100}`,
    })),
    search: every,
  },
  {
    title: "Spans by tenant",
    description: "Of senders whose token is bound to a tenant.",
    unit: "ops",
    stacked: true,
    width: 24,
    targets: [
      {
        expr: "sum by (tenant_id) (rate(throughline_traces_tenant_spans_accepted_total[$__rate_interval]))",
        legend: "{{tenant_id}}",
      },
    ],
    search: ofTenant,
  },
];

const store: PanelSpec[] = [
  {
    title: "Stored bytes",
    description: "Sealed blocks and the write-ahead log.",
    unit: "bytes",
    stacked: true,
    targets: [
      { expr: "sum(throughline_traces_block_bytes)", legend: "blocks" },
      { expr: "sum(throughline_traces_wal_bytes)", legend: "log" },
    ],
    search: every,
  },
  {
    title: "Room on the disk",
    description: "Free bytes of the data directory's file system.",
    unit: "bytes",
    targets: [{ expr: "throughline_data_disk_available_bytes", legend: "{{role}} {{instance}}" }],
    search: every,
  },
  {
    title: "Retention",
    description:
      "How long traces are to be kept, and how long they are; nothing is shown while none was deleted.",
    unit: "s",
    targets: [
      { expr: "throughline_traces_retention_promised_seconds < +Inf", legend: "promised" },
      { expr: "throughline_traces_retained_seconds < +Inf", legend: "kept" },
    ],
    search: every,
  },
  {
    title: "Blocks and memory",
    description: "Sealed blocks, and spans that are not in one yet.",
    unit: "short",
    targets: [
      { expr: "sum(throughline_traces_blocks)", legend: "blocks" },
      { expr: "sum(throughline_traces_spans_in_memory)", legend: "spans in memory" },
    ],
    search: every,
  },
];

const reads: PanelSpec[] = [
  {
    title: "Questions to the store",
    description: "By kind and outcome; abandoned: who asked has gone.",
    unit: "reqps",
    stacked: true,
    targets: [
      {
        expr: "sum by (query, outcome) (rate(throughline_traces_query_duration_seconds_count[$__rate_interval]))",
        legend: "{{query}} {{outcome}}",
      },
    ],
    search: every,
  },
  {
    title: "Time to answer them",
    description: "95th percentile by kind; 30 s is the limit.",
    unit: "s",
    bad: 30,
    targets: [
      {
        expr: "histogram_quantile(0.95, sum by (query, le) (rate(throughline_traces_query_duration_seconds_bucket[$__rate_interval])))",
        legend: "{{query}}",
      },
    ],
    search: every,
  },
  {
    title: "HTTP requests by route",
    description: "Of the console's address and of the ports that take spans over HTTP.",
    unit: "reqps",
    width: 24,
    targets: [
      {
        expr: 'sum by (listener, route, status) (rate(http_requests_total{listener=~"console|otlp|zipkin|thrift"}[$__rate_interval]))',
        legend: "{{listener}} {{route}} {{status}}",
      },
    ],
    search: every,
  },
];

export const traceBackend: DashboardSpec = {
  uid: "throughline-trace-backend",
  title: "Throughline: trace backend",
  description: "Spans in, spans kept, questions answered.",
  byTenant: false,
  rows: [
    { title: "Now", panels: now },
    { title: "Ingest", panels: ingest },
    { title: "Store", panels: store },
    { title: "Reads", panels: reads },
  ],
};
