import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parse } from "yaml";
import { expect, onTestFinished, test } from "vitest";
import { acceptTicket, jobEnded, startWithDesk, traceWith, until } from "./harness.ts";
import {
  alerts,
  api,
  checked,
  deployed,
  query,
  type Rule,
  rules,
  startAlertmanager,
  startPrometheus,
} from "./monitoring.ts";

const kebab = (name: string) => name.replace(/(?<!^)(?=[A-Z])/g, "-").toLowerCase();

test("promtool finds nothing wrong with the configuration and the rules", () => {
  expect(checked("promtool", ["check", "config", deployed("prometheus/prometheus.yml")])).toContain(
    "SUCCESS",
  );
  expect(checked("promtool", ["check", "rules", deployed("prometheus/rules.yml")])).toContain("SUCCESS");
});

test(
  "each alert fires when it should and does not when it should not, as promtool tries them",
  { timeout: 300_000 },
  () => {
    expect(checked("promtool", ["test", "rules", deployed("prometheus/rules.test.yml")])).toContain(
      "SUCCESS",
    );
  },
);

test("no alert is without such a test", () => {
  const file = parse(readFileSync(deployed("prometheus/rules.test.yml"), "utf8")) as {
    tests: {
      alert_rule_test?: { alertname: string; exp_alerts: object[] }[];
      promql_expr_test?: { exp_samples: { labels: string; value: number }[] }[];
    }[];
  };
  const quiet = new Set<string>();
  const firing = new Set<string>();
  for (const { alert_rule_test: alertTests = [], promql_expr_test: queries = [] } of file.tests) {
    for (const { alertname, exp_alerts: expected } of alertTests)
      (expected.length === 0 ? quiet : firing).add(alertname);
    for (const { labels, value } of queries.flatMap(({ exp_samples: samples }) => samples)) {
      const [, name] = /alertname="(\w+)", alertstate="firing"/.exec(labels) ?? [];
      if (name !== undefined && value === 1) firing.add(name);
    }
  }
  const names = [...new Set(alerts().map(({ alert }) => alert))].sort();
  expect([...firing].sort()).toEqual(names);
  expect([...quiet].sort()).toEqual(names.filter((name) => name !== "Watchdog"));
});

test("each alert has a severity, a summary, a runbook that is there, and a search over its own time", () => {
  for (const { alert, labels, annotations = {}, expr } of alerts()) {
    expect(["critical", "warning", "none"], alert).toContain(labels?.["severity"]);
    expect(annotations["summary"]?.length, alert).toBeGreaterThan(15);
    expect(annotations["description"]?.length, alert).toBeGreaterThan(30);
    expect(annotations["runbook_url"], alert).toBe(`{{ $externalLabels.runbooks }}/${kebab(alert)}.md`);
    const runbook = readFileSync(new URL(`../docs/runbooks/${kebab(alert)}.md`, import.meta.url), "utf8");
    expect(runbook.startsWith(`# ${alert}\n`), alert).toBe(true);
    expect(runbook, alert).toMatch(
      /\*\*What it means\.\*\*[^]+\*\*What people see\.\*\*[^]+## What to do\n\n1\. /,
    );
    expect(runbook, alert).toContain("```sh run\n");
    const link = annotations["console_url"] ?? "";
    expect(link.startsWith("{{ $externalLabels.console }}/search?"), alert).toBe(true);
    expect(link, alert).toContain("&lookback=custom");
    // The window holds all that the expression looks at.
    const [, seconds = "0"] = /start=\{\{ with query "\(time\(\) - (\d+)\) \* 1e6" \}\}/.exec(link) ?? [];
    const ranges = [...expr.matchAll(/(?:\[|ratio_rate)(\d+)([mh])/g)].map(
      ([, count, unit]) => Number(count) * (unit === "h" ? 3_600 : 60),
    );
    expect(Number(seconds), alert).toBeGreaterThanOrEqual(Math.max(600, ...ranges));
  }
});

test("amtool takes the configuration of Alertmanager, and every alert is routed by its severity", () => {
  const file = deployed("alertmanager/alertmanager.yml");
  expect(checked("amtool", ["check-config", file])).toContain("SUCCESS");
  const receiverOf = (labels: Record<string, string>) =>
    checked("amtool", [
      "config",
      "routes",
      "test",
      "--config.file",
      file,
      ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    ]).trim();
  for (const severity of ["critical", "warning"] as const) {
    const some = alerts().find(({ labels }) => labels?.["severity"] === severity);
    expect(receiverOf({ alertname: some?.alert ?? "", ...some?.labels, tenant_id: "acme" })).toBe(
      { critical: "slack-and-pagerduty", warning: "slack" }[severity],
    );
  }
  expect(receiverOf({ alertname: "Watchdog", severity: "none" })).toBe("dead-mans-switch");
  expect(receiverOf({ alertname: "OfSomebodyElse" })).toBe("email");
});

test("alerts are grouped and timed as the guide has it, and no secret stands in the file", () => {
  const text = readFileSync(deployed("alertmanager/alertmanager.yml"), "utf8");
  const { route } = parse(text, { merge: true }) as { route: Record<string, unknown> };
  expect(route).toMatchObject({
    group_by: ["tenant_id", "alertname"],
    group_wait: "10s",
    group_interval: "15s",
    repeat_interval: "4h",
  });
  const keys = [...text.matchAll(/^\s*(?:- )?([a-z_]+):/gm)].map(([, key]) => key ?? "");
  expect(keys).toEqual(
    expect.arrayContaining([
      "slack_api_url_file",
      "routing_key_file",
      "smtp_auth_password_file",
      "credentials_file",
    ]),
  );
  const secret = new Set([
    "slack_api_url",
    "api_url",
    "routing_key",
    "service_key",
    "smtp_auth_password",
    "auth_password",
    "credentials",
    "password",
  ]);
  expect(keys.filter((key) => secret.has(key))).toEqual([]);
});

interface Notification {
  receiver: string;
  status: string;
  groupLabels: Record<string, string>;
  alerts: { status: string; labels: Record<string, string>; annotations: Record<string, string> }[];
}

/** Who gets what Alertmanager sends, by the name of the receiver. */
async function startReceiver(): Promise<{ url: string; got: Map<string, Notification[]> }> {
  const got = new Map<string, Notification[]>();
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const name = (request.url ?? "").slice(1);
      got.set(name, [...(got.get(name) ?? []), JSON.parse(body) as Notification]);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

/** The rules that are deployed, but nothing is waited for. */
function impatientRules() {
  const impatient = rules().map((rule): Rule => (rule.for === undefined ? rule : { ...rule, for: "0s" }));
  return { groups: [{ name: "impatient", interval: "1s", rules: impatient }] };
}

test("a ticket that failed reaches who is on call: through Prometheus and Alertmanager, with a search that finds its trace", async () => {
  const { up } = await startWithDesk({ deskArgs: ["--fail", "403"] });
  const receiver = await startReceiver();
  const console = up.address("console");
  const alertmanager = await startAlertmanager(receiver.url);
  const prometheus = await startPrometheus({
    targets: { worker: up.address("admin") },
    alertmanager,
    console,
    rules: impatientRules(),
  });
  const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "ALERT-1");
  expect(await jobEnded(up.address("admin"), jobId)).toMatchObject({ state: "dead" });
  await traceWith(console, traceId, (spans) =>
    spans.some(({ operationName }) => operationName === "enhance_ticket"),
  );

  const sent = await until("the dead letter to be told", () =>
    receiver.got.get("slack")?.find(({ groupLabels }) => groupLabels["alertname"] === "DeadLetters"),
  );
  expect(sent).toMatchObject({ receiver: "slack", status: "firing" });
  const [alert] = sent.alerts;
  expect(alert?.labels).toEqual({
    alertname: "DeadLetters",
    queue_name: "enhancements",
    severity: "warning",
  });
  expect(alert?.annotations["summary"]).toBe("Tickets without a note that wait for somebody: 1");
  expect(alert?.annotations["runbook_url"]).toMatch(/\/dead-letters\.md$/);

  // The link's own conditions, asked of the API that the page asks.
  const link = new URL(alert?.annotations["console_url"] ?? "");
  expect(link.href.startsWith(`${console}/search?`)).toBe(true);
  const time = (name: string) => new Date(Number(link.searchParams.get(name)) / 1_000).toISOString();
  const found = await fetch(
    `${console}/api/throughline/traces?${new URLSearchParams([
      ["service", link.searchParams.get("service") ?? ""],
      ["start", time("start")],
      ["end", new Date(Date.parse(time("end")) + 60_000).toISOString()],
      ...Object.entries(JSON.parse(link.searchParams.get("tags") ?? "{}") as Record<string, string>).map(
        ([key, value]): [string, string] => ["tag", `${key}=${value}`],
      ),
    ]).toString()}`,
  );
  const { traces } = (await found.json()) as { traces: { traceId: string }[] };
  expect(traces.map((trace) => trace.traceId)).toContain(traceId);

  // The dead man's switch hears that alerts get through.
  const alive = await until("the watchdog to be told", () => receiver.got.get("dead-mans-switch")?.[0]);
  expect(alive.alerts[0]?.labels).toMatchObject({ alertname: "Watchdog" });
  expect(await query(prometheus, 'ALERTS{alertname="WorkerDown", alertstate="firing"}')).toEqual([]);
});

test("a worker that is gone is one call: what follows from it is inhibited", async () => {
  const receiver = await startReceiver();
  const alertmanager = await startAlertmanager(receiver.url);
  const add = (labels: Record<string, string>) =>
    checked("amtool", [
      "--alertmanager.url",
      alertmanager,
      "alert",
      "add",
      ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    ]);
  add({ alertname: "WorkerDown", severity: "critical" });
  add({ alertname: "QueueDepthHigh", severity: "warning", queue_name: "enhancements" });
  add({ alertname: "TargetDown", severity: "critical", role: "worker" });
  add({ alertname: "TargetDown", severity: "critical", role: "traces" });
  add({ alertname: "EnhancementErrorBudgetBurn", severity: "critical", window: "1h" });
  add({ alertname: "EnhancementErrorBudgetBurn", severity: "warning", window: "3d" });
  add({ alertname: "SpanExportFailing", severity: "warning", instance: "a" });
  add({ alertname: "SpansDropped", severity: "warning", instance: "a" });
  add({ alertname: "SpansDropped", severity: "warning", instance: "b" });
  const known = await until("the alerts to be known", async () => {
    const response = await fetch(`${alertmanager}/api/v2/alerts`);
    const all = (await response.json()) as {
      labels: Record<string, string>;
      status: { state: string };
    }[];
    return all.length === 9 && all.every(({ status }) => status.state !== "unprocessed") ? all : undefined;
  });
  const suppressed = known
    .filter(({ status }) => status.state === "suppressed")
    .map(({ labels }) =>
      [labels["alertname"], labels["role"] ?? labels["window"] ?? labels["instance"] ?? ""].join(" "),
    )
    .sort();
  expect(suppressed).toEqual([
    "EnhancementErrorBudgetBurn 3d",
    "QueueDepthHigh ",
    "SpansDropped a",
    "TargetDown worker",
  ]);
  const call = await until("somebody to be called", () =>
    receiver.got
      .get("slack-and-pagerduty")
      ?.find(({ groupLabels }) => groupLabels["alertname"] === "WorkerDown"),
  );
  expect(call.alerts).toHaveLength(1);
});

test("Prometheus takes the rules as they are deployed, and evaluates all of them without an error", async () => {
  const prometheus = await startPrometheus({ targets: {} });
  const evaluated = await until("the rules to be evaluated", async () => {
    const { groups } = (await api(prometheus, "rules")) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    };
    const all = groups.flatMap((group) => group.rules);
    return all.length > 0 && all.every(({ health }) => health !== "unknown") ? all : undefined;
  });
  expect(evaluated).toHaveLength(rules().length);
  expect(evaluated.filter(({ health }) => health !== "ok")).toEqual([]);
});
