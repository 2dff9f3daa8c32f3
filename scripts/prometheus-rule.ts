import { readFileSync, writeFileSync } from "node:fs";
import { parse, stringify } from "yaml";

/** `node scripts/prometheus-rule.ts` writes the rules of deploy/prometheus/rules.yml as the Prometheus operator takes them. */
const root = new URL("../", import.meta.url);
export const ruleFile = new URL("deploy/kubernetes/components/monitoring/prometheus-rule.yaml", root);

export function prometheusRule(): string {
  const { groups } = parse(readFileSync(new URL("deploy/prometheus/rules.yml", root), "utf8")) as {
    groups: object[];
  };
  const resource = {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: {
      name: "throughline",
      namespace: "throughline",
      labels: { "app.kubernetes.io/part-of": "throughline" },
    },
    spec: { groups },
  };
  return `# Made of deploy/prometheus/rules.yml by scripts/prometheus-rule.ts: change that one.\n${stringify(resource, { lineWidth: 0 })}`;
}

if (import.meta.main) writeFileSync(ruleFile, prometheusRule());
