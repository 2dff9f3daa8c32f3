import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { until } from "./harness.ts";
import { everything, families, type Family, roles, scrapes } from "./metrics-system.ts";
import { api, deployed, lint, metricsIn, query, rules, startPrometheus } from "./monitoring.ts";

test(
  "the real Prometheus reads every role, and exemplars lead to traces that are there",
  { timeout: 300_000 },
  async () => {
    const { admin, console, traceIds } = await everything();
    const prometheus = await startPrometheus({ targets: admin });
    await until("all roles to be read", async () => {
      const up = await query(prometheus, 'up{job="throughline"} == 1');
      return up.length === roles.length;
    });
    const expected: Record<string, readonly string[]> = {
      'enhancement_requests_total{role="worker", tenant_id="acme", status="success"} == 1': ["worker"],
      'enhancement_requests_total{tenant_id="refused", status="failed"} == 1': ["worker"],
      'enhancement_retries_total{tenant_id="retried", why="failed"} >= 1': ["worker"],
      'enhancement_duration_seconds_bucket{tenant_id="acme", status="success", le=~"600([.]0)?"} == 1': [
        "worker",
      ],
      'enhancement_duration_seconds_bucket{tenant_id="acme", status="success", le="0.005"}': ["worker"],
      'enhancement_success_rate{tenant_id="refused"} == 0': ["worker"],
      "worker_active_count == 1": ["worker"],
      "worker_jobs_limit == 4": ["worker"],
      "queue_dead_jobs == 1": ["receiver", "worker"],
      "queue_depth >= 0": ["receiver", "worker"],
      "queue_oldest_job_age_seconds >= 0": ["receiver", "worker"],
      'desk_requests_total{operation="get_ticket", outcome="ok"} > 0': ["worker"],
      'desk_requests_total{outcome="refused"} > 0': ["worker"],
      'desk_requests_total{outcome="failed"} > 0': ["worker"],
      'model_requests_total{model="gpt-4o-mini", outcome="written"} >= 1': ["worker"],
      'sum by (role) (model_tokens_total{direction=~"input|output"}) > 0': ["worker"],
      'model_cost_usd_total{tenant_id="acme"} > 0': ["worker"],
      'model_budget_used_ratio{tenant_id="acme"} > 0 < 1': ["worker"],
      'http_requests_total{listener="webhook", method="POST", route="/webhook/servicedesk", status="202"} == 3':
        ["receiver"],
      'http_requests_total{listener="webhook", status="401"} == 1': ["receiver"],
      'webhook_refusals_total{reason="TL_SIGNATURE_INVALID"} == 1': ["receiver"],
      'http_requests_total{listener="admin", route="/metrics", status="200"} > 0': [
        "receiver",
        "traces",
        "worker",
      ],
      'http_requests_total{listener="console", route="/api/traces/:traceId", status="200"} > 0': ["traces"],
      'throughline_traces_spans_accepted_total{encoding="protobuf"} > 10': ["traces"],
      "throughline_traces_append_duration_seconds_count > 0": ["traces"],
      'throughline_traces_query_duration_seconds_count{query=~"traces|texts", outcome="answered"} > 0': [
        "traces",
      ],
      "throughline_traces_retention_promised_seconds == 259200": ["traces"],
      "throughline_traces_retained_seconds == +Inf": ["traces"],
      'throughline_tls_certificate_expiry_timestamp_seconds{listener="spans"} - time() > 86400 * 29': [
        "traces",
      ],
      "throughline_data_disk_available_bytes < throughline_data_disk_size_bytes": [
        "receiver",
        "traces",
        "worker",
      ],
      "otel_sdk_processor_span_queue_capacity == 2048": ["receiver", "worker"],
      "otel_sdk_exporter_operation_duration_seconds_count > 0": ["receiver", "worker"],
      "throughline_spans_dropped_total == 0": ["receiver", "worker"],
      "process_resident_memory_bytes > 1e7": ["receiver", "traces", "worker"],
      'nodejs_gc_duration_seconds_count{role="worker", kind="minor"} > 0': ["worker"],
      "nodejs_eventloop_lag_p99_seconds >= 0": ["receiver", "traces", "worker"],
      "process_cpu_seconds_total > 0": ["receiver", "traces", "worker"],
    };
    const rolesOf = async (expression: string): Promise<string> => {
      const series = await query(prometheus, expression);
      return [...new Set(series.map(({ metric }) => metric["role"] ?? ""))].sort().join(", ");
    };
    // Figures may be some seconds old, and the first scrape came early.
    for (const [expression, told] of Object.entries(expected))
      await until(
        `${expression} to be told by ${told.join(", ")}`,
        async () => (await rolesOf(expression)) === told.join(", "),
        30_000,
      );

    const exemplars = await until("exemplars to be stored", async () => {
      const found = (await api(prometheus, "query_exemplars", {
        query: "enhancement_duration_seconds_bucket",
        start: String(Date.now() / 1_000 - 600),
        end: String(Date.now() / 1_000 + 60),
      })) as { exemplars: { labels: Record<string, string> }[] }[];
      const ids = found.flatMap((one) => one.exemplars.map(({ labels }) => labels["trace_id"] ?? ""));
      return new Set(ids).size >= 2 ? [...new Set(ids)] : undefined;
    });
    expect(exemplars.sort()).toEqual(traceIds.toSorted());
    for (const traceId of exemplars)
      expect((await fetch(`${console}/api/traces/${traceId}`)).status).toBe(200);
  },
);

/** Names that the guide has, though the naming rules would have others. */
const ofTheGuide = ["worker_active_count"];
const prefixes =
  /^(enhancement|queue|worker|webhook|desk|model|http|otel_sdk|process|nodejs|throughline|throughline_traces)_/;

test(
  "names, units, helps and labels keep the rules of Prometheus, and ours",
  { timeout: 300_000 },
  async () => {
    const wrong = Object.values(await scrapes())
      .flatMap(lint)
      .filter((line) => !ofTheGuide.some((name) => line.startsWith(`${name} `)));
    expect(wrong).toEqual([]);
    for (const { name, type, help, labels } of (await families()).values()) {
      expect(name).toMatch(prefixes);
      expect(name, "lower case and single underscores").toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
      expect(name.endsWith("_total"), `${name} is a ${type}`).toBe(type === "counter");
      expect(name, "base units").not.toMatch(
        /_(ms|millis|milliseconds|minutes|hours|days|kb|mb|kib|mib|percent)(_|$)/,
      );
      expect(type !== "histogram" || /_(seconds|bytes)$/.test(name), name).toBe(true);
      expect(!/_(duration|age|lag|latency)(_|$)/.test(name) || name.endsWith("_seconds"), name).toBe(true);
      expect(help, name).toMatch(/^[A-Z0-9].{8,}\.$/);
      for (const label of labels) {
        expect(label, name).toMatch(/^[a-z]+(_[a-z]+)*$/);
        // Prometheus' own, and our scrape configuration's.
        expect(["job", "instance", "role", "tenant"], name).not.toContain(label);
      }
    }
  },
);

test("docs/metrics.md lists exactly what the roles tell", { timeout: 300_000 }, async () => {
  const text = readFileSync(new URL("../docs/metrics.md", import.meta.url), "utf8");
  const rows = new Map(
    [...text.matchAll(/^\| `(\w+)` \| (\w+) \| (.*?) \| (.*?) \| (.*) \|$/gm)].map(
      ([, name = "", type, labels = "", told, help]) => [
        name,
        { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label), roles: told, help },
      ],
    ),
  );
  const found = await families();
  expect([...rows.keys()].sort()).toEqual([...found.keys()].sort());
  for (const { name, type, help, labels, roles: told } of found.values()) {
    const row = rows.get(name);
    expect({ type: row?.type, help: row?.help, roles: row?.roles }, name).toEqual({
      type,
      help: help.replaceAll("|", "\\|"),
      roles: told.length === roles.length ? "all" : told.join(", "),
    });
    const unlisted = [...labels].filter((label) => label !== "le" && row?.labels.includes(label) !== true);
    expect(unlisted, name).toEqual([]);
  }
});

/** Every expression of the dashboards, with a value in the place of each of Grafana's variables. */
function panelQueries(): { where: string; expr: string }[] {
  const folder = deployed("grafana/dashboards");
  return readdirSync(folder).flatMap((file) => {
    const { panels, annotations } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      panels: { title: string; targets?: { expr: string }[] }[];
      annotations: { list: { name: string; expr: string }[] };
    };
    const named = panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `${file}: ${title}`, expr })),
    );
    return [...named, ...annotations.list.map(({ name, expr }) => ({ where: `${file}: ${name}`, expr }))].map(
      ({ where, expr }) => ({
        where,
        expr: expr.replaceAll("$__rate_interval", "1m").replaceAll("$tenant", ".*"),
      }),
    );
  });
}

test(
  "every metric that a rule or a panel names is one that some role tells, with the labels it asks for",
  { timeout: 300_000 },
  async () => {
    const declared = new Map<string, Family>();
    for (const family of (await families()).values()) {
      const suffixes = family.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
      for (const suffix of suffixes) declared.set(family.name + suffix, family);
    }
    // Of Prometheus itself, and what the rules record.
    const given = new Set(["up", "ALERTS", ...rules().flatMap(({ record }) => record ?? [])]);
    const asked = [
      ...rules().map(({ alert, record, expr }) => ({ where: alert ?? record ?? "", expr })),
      ...panelQueries(),
    ];
    expect(asked.length).toBeGreaterThan(80);
    const unknown = asked.flatMap(({ where, expr }) =>
      metricsIn(expr)
        .filter((name) => !given.has(name) && !declared.has(name))
        .map((name) => `${where}: ${name}`),
    );
    expect(unknown).toEqual([]);
    const ofScraping = new Set(["job", "instance", "role", "le"]);
    const wrongLabels = asked.flatMap(({ where, expr }) =>
      [...expr.matchAll(/([a-z][\w:]*)\{([^}]*)\}/g)].flatMap(([, name = "", selector = ""]) => {
        const family = declared.get(name);
        if (family === undefined || family.labels.size === 0) return [];
        return [...selector.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)]
          .map(([, label]) => label ?? "")
          .filter((label) => !ofScraping.has(label) && !family.labels.has(label))
          .map((label) => `${where}: ${name}{${label}}`);
      }),
    );
    expect(wrongLabels).toEqual([]);
  },
);

test("Prometheus can read every query of the dashboards", async () => {
  const prometheus = await startPrometheus({ targets: {} });
  for (const { where, expr } of panelQueries()) {
    const formatted = await api(prometheus, "format_query", { query: expr }).catch((error: unknown) =>
      String(error),
    );
    expect(formatted, where).not.toMatch(/^Error/);
    await query(prometheus, expr);
  }
});
