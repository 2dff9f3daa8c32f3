import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { arch, hostname, platform, release, version as osVersion } from "node:os";
import type { TracingConfig } from "./config/config.ts";
import type { Environment } from "./config/values.ts";

export interface ResourceOptions {
  environment: Environment;
  version?: string;
  attributes?: Readonly<Record<string, string>>;
}

type Attributes = Record<string, string | number>;

/**
 * What produces the spans (semantic conventions, "Resource"): service, deployment, host, operating system, process, container and pod.
 * Nothing here asks the network or fails. The environment's attributes win over those given in code, those over detected ones.
 */
export function resourceAttributes(config: TracingConfig, options: ResourceOptions): Attributes {
  return {
    "service.instance.id": randomUUID(),
    ...host(),
    ...ofProcess(),
    ...container(),
    ...kubernetes(options.environment),
    "telemetry.sdk.language": "nodejs",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.distro.name": "throughline",
    ...(options.version === undefined ? {} : { "service.version": options.version }),
    ...options.attributes,
    ...config.resourceAttributes,
    "service.name": config.serviceName,
  };
}

const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  ia32: "x86",
  arm: "arm32",
  ppc64: "ppc64",
};

function host(): Attributes {
  return {
    "host.name": hostname(),
    "host.arch": architectures[arch()] ?? arch(),
    "os.type": platform() === "win32" ? "windows" : platform(),
    "os.version": release(),
    "os.description": osVersion(),
  };
}

/** Without the command's arguments: they may hold secrets. */
function ofProcess(): Attributes {
  return {
    "process.pid": process.pid,
    "process.executable.path": process.execPath,
    "process.runtime.name": "nodejs",
    "process.runtime.version": process.versions.node,
    "process.runtime.description": "Node.js",
  };
}

/** The id of the container, from control groups of version 1, or the mounts of version 2. */
function container(): Attributes {
  const ofGroup = /[/:-]([0-9a-f]{64})(?:\.scope)?$/m.exec(readIfThere("/proc/self/cgroup"));
  const ofMounts = /\/containers\/([0-9a-f]{64})\//.exec(readIfThere("/proc/self/mountinfo"));
  const id = ofGroup?.[1] ?? ofMounts?.[1];
  return id === undefined ? {} : { "container.id": id };
}

/** What the downward API is customarily asked for; the namespace also stands beside the service account's token. */
const podVariables: Readonly<Record<string, readonly string[]>> = {
  "k8s.pod.name": ["K8S_POD_NAME", "POD_NAME", "HOSTNAME"],
  "k8s.pod.uid": ["K8S_POD_UID", "POD_UID"],
  "k8s.namespace.name": ["K8S_NAMESPACE_NAME", "K8S_NAMESPACE", "POD_NAMESPACE"],
  "k8s.node.name": ["K8S_NODE_NAME", "NODE_NAME"],
  "k8s.container.name": ["K8S_CONTAINER_NAME", "CONTAINER_NAME"],
  "k8s.deployment.name": ["K8S_DEPLOYMENT_NAME"],
  "k8s.cluster.name": ["K8S_CLUSTER_NAME", "CLUSTER_NAME"],
};

function kubernetes(environment: Environment): Attributes {
  if (!environment["KUBERNETES_SERVICE_HOST"]) return {};
  const found: Attributes = {};
  for (const [attribute, names] of Object.entries(podVariables)) {
    const value = names.map((name) => environment[name]).find((text) => text !== undefined && text !== "");
    if (value !== undefined) found[attribute] = value;
  }
  const namespace = readIfThere("/var/run/secrets/kubernetes.io/serviceaccount/namespace").trim();
  return namespace === "" ? found : { "k8s.namespace.name": namespace, ...found };
}

/** Empty where there is no such file, or it is not ours to read. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
