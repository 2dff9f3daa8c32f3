import { type Container, containersOf, isSelected, type Resource, templateOf } from "./build.ts";

/** Secrets that the documents say how to make. */
export const documentedSecrets = [
  "throughline-connections",
  "throughline-console",
  "throughline-keys",
  "throughline-model",
  "throughline-senders",
  "throughline-tls",
  "oauth2-proxy",
  "jaeger-elasticsearch",
  "jaeger-cassandra",
];

/** What our own rules have against the resources of one overlay. */
export function complaintsOfPolicy(resources: readonly Resource[]): string[] {
  return [
    ...resources.flatMap((resource) => podComplaints(resource, resources)),
    ...networkComplaints(resources),
    ...selectorComplaints(resources),
    ...namespaceComplaints(resources),
  ];
}

function podComplaints(resource: Resource, all: readonly Resource[]): string[] {
  const template = templateOf(resource);
  if (template === undefined) return [];
  const { spec } = template;
  const wrong: string[] = [];
  const check = (holds: boolean, what: string) => {
    if (!holds) wrong.push(`${resource.kind} ${resource.metadata.name}: ${what}`);
  };
  const pod = spec.securityContext ?? {};
  check(pod["runAsNonRoot"] === true && Number(pod["runAsUser"]) > 0, "may run as root");
  check(
    (pod["seccompProfile"] as { type?: string } | undefined)?.type === "RuntimeDefault",
    "has no seccomp profile",
  );
  check(spec.automountServiceAccountToken === false, "is given a token of Kubernetes");
  const account = all.find(
    ({ kind, metadata }) => kind === "ServiceAccount" && metadata.name === spec.serviceAccountName,
  );
  check(account?.automountServiceAccountToken === false, "has no service account of its own without a token");
  for (const one of containersOf(spec)) {
    for (const what of containerComplaints(one)) check(false, `${one.name} ${what}`);
    const mounted = (one.volumeMounts ?? []).map(({ name }) => name);
    const there = (spec.volumes ?? []).map(({ name }) => name);
    check(
      mounted.every((name) => there.includes(name)),
      `${one.name} mounts a volume that is not there`,
    );
  }
  if (resource.kind === "Deployment") {
    for (const one of spec.containers) {
      check(one.livenessProbe !== undefined && one.readinessProbe !== undefined, `${one.name} has no probes`);
      for (const probe of [one.livenessProbe, one.readinessProbe])
        check(
          probe === undefined || (one.ports ?? []).some(({ name }) => name === probe.httpGet.port),
          `${one.name} is probed at a port that it has not`,
        );
    }
    const budgets = all.filter(({ kind }) => kind === "PodDisruptionBudget");
    check(
      budgets.some((budget) => isSelected(budget.spec["selector"], template.metadata.labels)),
      "has no disruption budget",
    );
    check(isSelected(resource.spec["selector"], template.metadata.labels), "does not select its own pods");
  }
  check(template.metadata.labels["app.kubernetes.io/component"] !== undefined, "has no component label");

  const maps = all.filter(({ kind }) => kind === "ConfigMap").map(({ metadata }) => metadata.name);
  const wantedMaps = [
    ...(spec.volumes ?? []).flatMap(({ configMap }) => configMap?.name ?? []),
    ...containersOf(spec).flatMap(({ envFrom = [] }) =>
      envFrom.flatMap((from) => from.configMapRef?.name ?? []),
    ),
  ];
  for (const name of wantedMaps)
    check(maps.includes(name), `asks for the ConfigMap ${name}, which is not there`);
  const wantedSecrets = [
    ...(spec.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? []),
    ...containersOf(spec).flatMap(({ env = [], envFrom = [] }) => [
      ...env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []),
      ...envFrom.flatMap((from) => from.secretRef?.name ?? []),
    ]),
  ];
  for (const name of wantedSecrets)
    check(documentedSecrets.includes(name), `asks for the Secret ${name}, which no document tells of`);
  return wrong;
}

function containerComplaints({ image, securityContext = {}, resources }: Container): string[] {
  const capabilities = securityContext["capabilities"] as { drop?: string[]; add?: string[] } | undefined;
  const isPinned = /:v?\d+\.\d+(\.\d+)?(-[\w.]+)?$|@sha256:[0-9a-f]{64}$/.test(image);
  return [
    ...(isPinned ? [] : [`runs the image ${image}, which is not an exact one`]),
    ...(securityContext["allowPrivilegeEscalation"] === false ? [] : ["may get more rights"]),
    ...(securityContext["readOnlyRootFilesystem"] === true ? [] : ["may write to its image"]),
    ...(capabilities?.drop?.includes("ALL") === true && capabilities.add === undefined
      ? []
      : ["keeps capabilities"]),
    ...["requests", "limits"].flatMap((part) =>
      ["cpu", "memory"]
        .filter((what) => resources?.[part as "requests" | "limits"]?.[what] === undefined)
        .map((what) => `has no ${part} of ${what}`),
    ),
  ];
}

interface Peer {
  podSelector?: unknown;
}
interface Rule {
  from?: Peer[];
  to?: Peer[];
  ports?: object[];
}

function networkComplaints(resources: readonly Resource[]): string[] {
  const policies = resources.filter(({ kind }) => kind === "NetworkPolicy");
  const wrong: string[] = [];
  const isDenyAll = ({ spec }: Resource) =>
    Object.keys(spec["podSelector"] as object).length === 0 &&
    ["Ingress", "Egress"].every((type) => (spec["policyTypes"] as string[]).includes(type)) &&
    spec["ingress"] === undefined &&
    spec["egress"] === undefined;
  if (!policies.some(isDenyAll)) wrong.push("no NetworkPolicy denies everything by default");
  const pods = resources.flatMap((one) => {
    const template = templateOf(one);
    return template === undefined ? [] : [template.metadata.labels];
  });
  for (const { metadata, spec } of policies) {
    const rules = [
      ...((spec["ingress"] ?? []) as Rule[]).map((rule) => ({ rule, peers: rule.from })),
      ...((spec["egress"] ?? []) as Rule[]).map((rule) => ({ rule, peers: rule.to })),
    ];
    for (const { rule, peers } of rules) {
      if (rule.ports === undefined) wrong.push(`NetworkPolicy ${metadata.name} opens every port`);
      // A selector that selects nobody is misspelt.
      for (const peer of peers ?? [])
        if (peer.podSelector !== undefined && !pods.some((labels) => isSelected(peer.podSelector, labels)))
          wrong.push(`NetworkPolicy ${metadata.name} names pods that there are not`);
    }
    if (!pods.some((labels) => isSelected(spec["podSelector"], labels)))
      wrong.push(`NetworkPolicy ${metadata.name} is about no pod`);
    for (const { rule } of rules.filter(({ peers }) => peers === undefined))
      if ((spec["ingress"] as Rule[] | undefined)?.includes(rule) === true)
        wrong.push(`NetworkPolicy ${metadata.name} lets everybody in`);
  }
  return wrong;
}

interface ServicePort {
  name: string;
  port: number;
  targetPort: string;
}

function selectorComplaints(resources: readonly Resource[]): string[] {
  const templates = resources.flatMap((one) => templateOf(one) ?? []);
  const services = new Map(
    resources.filter(({ kind }) => kind === "Service").map((service) => [service.metadata.name, service]),
  );
  const wrong: string[] = [];
  for (const [name, { spec }] of services) {
    const selected = templates.filter(({ metadata }) =>
      isSelected({ matchLabels: spec["selector"] }, metadata.labels),
    );
    if (selected.length !== 1) wrong.push(`Service ${name} selects ${selected.length} kinds of pods`);
    const ports = selected.flatMap((one) =>
      one.spec.containers.flatMap((container) => container.ports ?? []),
    );
    for (const { targetPort } of spec["ports"] as ServicePort[])
      if (!ports.some((port) => port.name === targetPort))
        wrong.push(`Service ${name} leads to the port ${targetPort}, which no container has`);
  }
  for (const { metadata, spec } of resources.filter(({ kind }) => kind === "PodDisruptionBudget"))
    if (!templates.some((one) => isSelected(spec["selector"], one.metadata.labels)))
      wrong.push(`PodDisruptionBudget ${metadata.name} is about no pod`);
  for (const { metadata, spec } of resources.filter(({ kind }) => kind === "Ingress")) {
    type Path = { backend: { service: { name: string; port: { name: string } } } };
    const rules = spec["rules"] as { host: string; http: { paths: Path[] } }[];
    const hosts = (spec["tls"] as { hosts: string[] }[]).flatMap((one) => one.hosts);
    for (const { host, http } of rules) {
      if (!hosts.includes(host)) wrong.push(`Ingress ${metadata.name} serves ${host} without TLS`);
      for (const { backend } of http.paths) {
        const ports = (services.get(backend.service.name)?.spec["ports"] ?? []) as ServicePort[];
        if (!ports.some(({ name }) => name === backend.service.port.name))
          wrong.push(`Ingress ${metadata.name} leads to a service or port that is not there`);
      }
    }
  }
  return wrong;
}

function namespaceComplaints(resources: readonly Resource[]): string[] {
  const strangers = resources.filter(
    ({ kind, metadata }) => kind !== "Namespace" && metadata.namespace !== "throughline",
  );
  const isRestricted = resources.some(
    ({ kind, metadata }) =>
      kind === "Namespace" && metadata.labels?.["pod-security.kubernetes.io/enforce"] === "restricted",
  );
  return [
    ...strangers.map(({ kind, metadata }) => `${kind} ${metadata.name} is in another namespace`),
    ...(isRestricted ? [] : ["the namespace does not enforce restricted pods"]),
  ];
}
