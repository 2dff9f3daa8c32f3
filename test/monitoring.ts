import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { temporaryDirectory, until } from "./harness.ts";
import { program } from "./programs.ts";
import { freePort, serve } from "./servers.ts";

const root = new URL("../", import.meta.url).pathname;
export const deployed = (path: string): string => join(root, "deploy", path);

export interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  for?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export function rules(): Rule[] {
  const file = parse(readFileSync(deployed("prometheus/rules.yml"), "utf8")) as {
    groups: { rules: Rule[] }[];
  };
  return file.groups.flatMap((group) => group.rules);
}

export function alerts(): (Rule & { alert: string })[] {
  return rules().filter((rule): rule is Rule & { alert: string } => rule.alert !== undefined);
}

interface PrometheusConfig {
  global: { scrape_interval: string; evaluation_interval: string; external_labels: Record<string, string> };
  rule_files: string[];
  alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
  scrape_configs: {
    job_name: string;
    static_configs: { targets: string[]; labels?: Record<string, string> }[];
  }[];
}

/**
 * A real Prometheus with the configuration that is deployed, but for the addresses: `targets` by the roles of the job `throughline`. It
 * asks each second. `rules`: in place of the ones that are deployed.
 */
export async function startPrometheus(options: {
  targets: Readonly<Record<string, string>>;
  alertmanager?: string;
  console?: string;
  rules?: object;
}): Promise<string> {
  const directory = await temporaryDirectory();
  const config = parse(readFileSync(deployed("prometheus/prometheus.yml"), "utf8")) as PrometheusConfig;
  config.global.scrape_interval = "1s";
  config.global.evaluation_interval = "1s";
  if (options.console !== undefined) config.global.external_labels["console"] = options.console;
  const [throughline] = config.scrape_configs;
  if (throughline?.job_name !== "throughline") throw new Error("the first job scrapes something else");
  throughline.static_configs = throughline.static_configs
    .filter(({ labels }) => options.targets[labels?.["role"] ?? ""] !== undefined)
    .map((one) => ({ ...one, targets: [hostOf(options.targets[one.labels?.["role"] ?? ""] ?? "")] }));
  config.scrape_configs = [throughline];
  for (const { static_configs: at } of config.alerting.alertmanagers)
    for (const one of at)
      one.targets = options.alertmanager === undefined ? [] : [hostOf(options.alertmanager)];
  cpSync(deployed("prometheus/rules.yml"), join(directory, "rules.yml"));
  if (options.rules !== undefined) writeFileSync(join(directory, "rules.yml"), stringify(options.rules));
  const file = join(directory, "prometheus.yml");
  writeFileSync(file, stringify(config));
  const port = await freePort();
  serve(
    program("prometheus"),
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      // What fires before Alertmanager is known is sent again at once, not a minute later.
      "--rules.alert.resend-delay=1s",
      "--log.level=error",
    ],
    {},
  );
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/-/ready`);
  return url;
}

/** A real Alertmanager with the configuration that is deployed, but for its receivers: each posts to `sink`, below its own name. */
export async function startAlertmanager(sink: string): Promise<string> {
  const directory = await temporaryDirectory();
  const config = parse(readFileSync(deployed("alertmanager/alertmanager.yml"), "utf8"), { merge: true }) as {
    global: object;
    receivers: { name: string }[];
  };
  config.global = {};
  config.receivers = config.receivers.map(({ name }) => ({
    name,
    webhook_configs: [{ url: `${sink}/${name}`, send_resolved: true }],
  }));
  const file = join(directory, "alertmanager.yml");
  writeFileSync(file, stringify(config));
  mkdirSync(join(directory, "templates"));
  return serveAlertmanager(file, directory);
}

/** A real Alertmanager with a configuration as it stands. */
export async function serveAlertmanager(file: string, directory: string): Promise<string> {
  const port = await freePort();
  serve(
    program("prometheus-alertmanager"),
    [
      `--config.file=${file}`,
      `--storage.path=${join(directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--cluster.listen-address=",
      "--log.level=error",
    ],
    {},
  );
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/-/ready`);
  return url;
}

async function ready(url: string): Promise<void> {
  await until(`${url} to answer`, async () => (await fetch(url).catch(() => undefined))?.status === 200);
}

function hostOf(url: string): string {
  return url.replace(/^https?:\/\//, "");
}

export interface Series {
  metric: Record<string, string>;
  value: [time: number, value: string];
}

/** Prometheus' answer to an instant query. */
export async function query(prometheus: string, expression: string): Promise<Series[]> {
  const { result } = (await api(prometheus, "query", { query: expression })) as { result: Series[] };
  return result;
}

export async function api(prometheus: string, path: string, parameters: Record<string, string> = {}) {
  const response = await fetch(`${prometheus}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  const answer = (await response.json()) as { status: string; data: unknown; error?: string };
  if (answer.status !== "success") throw new Error(`${path}: ${answer.error ?? response.status}`);
  return answer.data;
}

/** What a program of Prometheus says; throws with its words where it does not succeed. */
export function checked(name: "promtool" | "amtool", args: readonly string[], input = ""): string {
  return execFileSync(program(name), args, { encoding: "utf8", input, stdio: ["pipe", "pipe", "pipe"] });
}

/** What promtool finds wrong with the names of a scrape, line by line. */
export function lint(scrape: string): string[] {
  const { stdout, stderr } = spawnSync(program("promtool"), ["check", "metrics"], {
    input: scrape,
    encoding: "utf8",
  });
  return `${stdout}${stderr}`
    .trim()
    .split("\n")
    .filter((line) => line !== "");
}

/** Names of metrics in an expression: what is no function, keyword or label. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, "")
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
  const names = bare.match(/(?<![\w.:])[a-zA-Z_:][a-zA-Z0-9_:]*(?!\s*\()\b/g) ?? [];
  const words = new Set(["and", "or", "unless", "bool", "offset", "inf", "nan"]);
  return [...new Set(names.filter((name) => !words.has(name.toLowerCase()) && name.length > 1))];
}
