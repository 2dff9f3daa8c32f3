import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { prometheusRule, ruleFile } from "../scripts/prometheus-rule.ts";
import { find, kustomize, type Resource, root } from "./manifests/build.ts";

const prometheus = (file: string) => readFileSync(join(root, "deploy/prometheus", file), "utf8");

test("Kubernetes has the alerts of deploy/prometheus/rules.yml: `node scripts/prometheus-rule.ts` was run", () => {
  const { groups } = parse(prometheus("rules.yml")) as { groups: { rules: object[] }[] };
  expect(groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(10);
  const built = find(kustomize("overlays/production"), "PrometheusRule", "throughline");
  expect(built.spec).toEqual({ groups });
  expect(parse(readFileSync(ruleFile, "utf8"))).toEqual(parse(prometheusRule()));
});

test("the PodMonitor gives the pods' figures the labels that deploy/prometheus/prometheus.yml gives them", () => {
  const resources = kustomize("overlays/production");
  const monitor = find(resources, "PodMonitor", "throughline").spec as {
    jobLabel: string;
    podMetricsEndpoints: { port: string; relabelings: { sourceLabels: string[]; targetLabel: string }[] }[];
  };
  const { scrape_configs: jobs } = parse(prometheus("prometheus.yml")) as {
    scrape_configs: {
      job_name: string;
      static_configs: { targets: string[]; labels?: { role: string } }[];
    }[];
  };
  const job = jobs.find(({ job_name: name }) => name === "throughline");
  const roles = (job?.static_configs ?? []).map(({ labels }) => labels?.role ?? "").toSorted();
  const [endpoint] = monitor.podMetricsEndpoints;
  expect(endpoint?.relabelings).toEqual([
    { sourceLabels: ["__meta_kubernetes_pod_label_app_kubernetes_io_component"], targetLabel: "role" },
  ]);
  const scraped = resources
    .filter(({ kind }) => kind === "Deployment")
    .flatMap((one: Resource) => {
      const { metadata, spec } = one.spec["template"] as {
        metadata: { labels: Record<string, string> };
        spec: { containers: { ports: { name: string }[] }[] };
      };
      const hasPort = spec.containers[0]?.ports.some(({ name }) => name === endpoint?.port) === true;
      return hasPort ? [metadata.labels] : [];
    });
  expect(scraped.map((labels) => labels["app.kubernetes.io/component"] ?? "").toSorted()).toEqual(roles);
  for (const labels of scraped) expect(labels[monitor.jobLabel]).toBe(job?.job_name);
});
