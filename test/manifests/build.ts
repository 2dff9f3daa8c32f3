import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { program } from "../programs.ts";

export const root = new URL("../../", import.meta.url).pathname;

export interface Container {
  name: string;
  image: string;
  args?: string[];
  command?: string[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string } } }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  securityContext?: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string }[];
}
interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
}
export interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  securityContext?: Record<string, unknown>;
  initContainers?: Container[];
  containers: Container[];
  volumes?: { name: string; configMap?: { name: string }; secret?: { secretName: string } }[];
}
export interface Template {
  metadata: { labels: Record<string, string> };
  spec: PodSpec;
}
/** What the checks look at; the schemas look at the rest. */
export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  automountServiceAccountToken?: boolean;
  data?: Record<string, string>;
  spec: Record<string, unknown>;
}

const built = new Map<string, Resource[]>();

/** What `kubectl apply -k` would send for a directory below deploy/kubernetes. A copy: a caller may break it. */
export function kustomize(directory: string): Resource[] {
  let known = built.get(directory);
  if (known === undefined) {
    const text = execFileSync(program("kubectl"), ["kustomize", join(root, "deploy/kubernetes", directory)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      maxBuffer: 16 * 1024 * 1024,
    });
    known = parseAllDocuments(text).map((document) => document.toJS() as Resource);
    built.set(directory, known);
  }
  return structuredClone(known);
}

export function find(resources: readonly Resource[], kind: string, name: string): Resource {
  const found = resources.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** The pods that a resource makes; undefined for one that makes none. */
export function templateOf({ kind, spec }: Resource): Template | undefined {
  if (kind === "Deployment" || kind === "Job") return spec["template"] as Template;
  if (kind !== "CronJob") return undefined;
  const { spec: job } = spec["jobTemplate"] as { spec: { template: Template } };
  return job.template;
}

export function containersOf({ initContainers = [], containers }: PodSpec): Container[] {
  return [...initContainers, ...containers];
}

export function isSelected(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = (selector ?? {}) as {
    matchLabels?: Record<string, string>;
    matchExpressions?: { key: string; operator: string; values: string[] }[];
  };
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(
      ({ key, operator, values }) => operator === "In" && values.includes(labels[key] ?? ""),
    )
  );
}
