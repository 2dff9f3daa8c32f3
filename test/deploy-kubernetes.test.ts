import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  named,
  run,
  start,
  temporaryDirectory,
  traceWith,
} from "./harness.ts";
import { type Container, find, kustomize, type Resource, root, templateOf } from "./manifests/build.ts";
import { complaintsOfPolicy, documentedSecrets } from "./manifests/policies.ts";
import { complaintsOfSchema } from "./manifests/schemas.ts";
import { freePort, startPostgres, startRedis } from "./servers.ts";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const overlays = readdirSync(join(root, "deploy/kubernetes/overlays")).map((name) => `overlays/${name}`);

function containerOf(resources: readonly Resource[], name: string): Container {
  const [container] = templateOf(find(resources, "Deployment", name))?.spec.containers ?? [];
  if (container === undefined) throw new Error(`no container in ${name}`);
  return container;
}

test("the base and every overlay build, and are as Kubernetes' schemas and our rules have it", () => {
  expect(overlays.toSorted()).toEqual([
    "overlays/collector",
    "overlays/jaeger-all-in-one",
    "overlays/jaeger-cassandra",
    "overlays/jaeger-elasticsearch",
    "overlays/production",
  ]);
  for (const directory of ["base", ...overlays]) {
    const resources = kustomize(directory);
    expect(resources.length, directory).toBeGreaterThan(25);
    expect(resources.flatMap(complaintsOfSchema), directory).toEqual([]);
    expect(complaintsOfPolicy(resources), directory).toEqual([]);
  }
  const example = parse(
    read("deploy/kubernetes/components/encrypted-storage/storage-class.example.yaml"),
  ) as Resource;
  expect(complaintsOfSchema(example)).toEqual([]);
});

/** Ways to break the base, and what is then said. */
const breaks: readonly (readonly [string, (resources: Resource[]) => void])[] = [
  ["imagee is no field", (all) => Object.assign(containerOf(all, "worker"), { imagee: "x" })],
  [
    "replicas must be integer",
    (all) => Object.assign(find(all, "Deployment", "receiver").spec, { replicas: "two" }),
  ],
  ["not an exact one", (all) => Object.assign(containerOf(all, "worker"), { image: "throughline:latest" })],
  [
    "may write to its image",
    (all) => delete containerOf(all, "worker").securityContext?.["readOnlyRootFilesystem"],
  ],
  ["keeps capabilities", (all) => delete containerOf(all, "jaeger").securityContext?.["capabilities"]],
  [
    "may get more rights",
    (all) => delete containerOf(all, "jaeger").securityContext?.["allowPrivilegeEscalation"],
  ],
  ["has no limits of memory", (all) => delete containerOf(all, "receiver").resources?.limits?.["memory"]],
  ["has no probes", (all) => delete containerOf(all, "receiver").readinessProbe],
  ["probed at a port that it has not", (all) => Object.assign(containerOf(all, "jaeger"), { ports: [] })],
  [
    "which no container has",
    (all) => Object.assign(containerOf(all, "receiver"), { ports: [{ name: "admin", containerPort: 8001 }] }),
  ],
  [
    "may run as root",
    (all) => delete templateOf(find(all, "Deployment", "worker"))?.spec.securityContext?.["runAsNonRoot"],
  ],
  [
    "no seccomp profile",
    (all) => delete templateOf(find(all, "Deployment", "worker"))?.spec.securityContext?.["seccompProfile"],
  ],
  [
    "given a token",
    (all) => delete templateOf(find(all, "Deployment", "worker"))?.spec.automountServiceAccountToken,
  ],
  [
    "of its own without a token",
    (all) => delete find(all, "ServiceAccount", "jaeger").automountServiceAccountToken,
  ],
  [
    "denies everything by default",
    (all) => all.splice(all.indexOf(find(all, "NetworkPolicy", "default-deny")), 1),
  ],
  ["opens every port", (all) => Object.assign(find(all, "NetworkPolicy", "dns").spec, { egress: [{}] })],
  [
    "lets everybody in",
    (all) =>
      Object.assign(find(all, "NetworkPolicy", "jaeger").spec, { ingress: [{ ports: [{ port: 4317 }] }] }),
  ],
  [
    "is about no pod",
    (all) =>
      Object.assign(find(all, "NetworkPolicy", "jaeger").spec, {
        podSelector: { matchLabels: { app: "jaegr" } },
      }),
  ],
  [
    "selects 0 kinds of pods",
    (all) => Object.assign(find(all, "Service", "jaeger").spec, { selector: { app: "jaegr" } }),
  ],
  [
    "has no disruption budget",
    (all) => all.splice(all.indexOf(find(all, "PodDisruptionBudget", "worker")), 1),
  ],
  [
    "service or port that is not there",
    (all) => all.splice(all.indexOf(find(all, "Service", "oauth2-proxy")), 1),
  ],
  ["without TLS", (all) => Object.assign(find(all, "Ingress", "throughline").spec, { tls: [] })],
  [
    "which is not there",
    (all) => all.splice(0, all.length, ...all.filter(({ kind }) => kind !== "ConfigMap")),
  ],
  [
    "which no document tells of",
    (all) =>
      containerOf(all, "worker").env?.push({ name: "X", valueFrom: { secretKeyRef: { name: "other" } } }),
  ],
  ["is in another namespace", (all) => delete find(all, "Service", "jaeger").metadata.namespace],
  ["does not enforce restricted", (all) => delete find(all, "Namespace", "throughline").metadata.labels],
];

test.each(breaks)("a manifest that is broken is found out: %s", (said, breakIt) => {
  const resources = kustomize("base");
  breakIt(resources);
  const complaints = [...resources.flatMap(complaintsOfSchema), ...complaintsOfPolicy(resources)];
  expect(complaints.join("\n")).toContain(said);
});

test("the Service `jaeger` is the guide's: ClusterIP, its ports; its pod has the guide's probes and resources, whatever stands behind it", () => {
  for (const directory of ["base", ...overlays]) {
    const resources = kustomize(directory);
    expect(find(resources, "Service", "jaeger").spec, directory).toMatchObject({
      type: "ClusterIP",
      ports: [
        { name: "ui", port: 16686 },
        { name: "otlp-grpc", port: 4317 },
        { name: "otlp-http", port: 4318 },
      ],
    });
    const container = containerOf(resources, "jaeger");
    for (const probe of [container.livenessProbe, container.readinessProbe])
      expect(probe, directory).toMatchObject({ httpGet: { path: "/", port: "ui" }, periodSeconds: 10 });
    expect(container.resources, directory).toEqual({
      requests: { cpu: "200m", memory: "512Mi" },
      limits: { cpu: "1000m", memory: "2Gi" },
    });
    const claims = resources.filter(({ kind }) => kind === "PersistentVolumeClaim");
    expect(claims.length, directory).toBe(container.image.startsWith("jaegertracing/") ? 0 : 1);
  }
  const [claim] = kustomize("overlays/production").filter(({ kind }) => kind === "PersistentVolumeClaim");
  expect(claim?.spec["storageClassName"]).toBe("encrypted");
  expect(
    find(kustomize("base"), "PersistentVolumeClaim", "jaeger-data").spec["storageClassName"],
  ).toBeUndefined();
});

test("people reach the console through oauth2-proxy only, by the client of a Secret", () => {
  const resources = kustomize("base");
  const env = containerOf(resources, "oauth2-proxy").env ?? [];
  const keys = env.map(({ valueFrom }) => valueFrom?.secretKeyRef);
  expect(keys).toEqual([
    { name: "oauth2-proxy", key: "OAUTH_CLIENT_ID" },
    { name: "oauth2-proxy", key: "OAUTH_CLIENT_SECRET" },
    { name: "oauth2-proxy", key: "OAUTH_COOKIE_SECRET" },
  ]);
  expect(containerOf(resources, "oauth2-proxy").args).toContain("--upstream=http://jaeger:16686");
  const rules = find(resources, "Ingress", "throughline").spec["rules"];
  expect(JSON.stringify(rules)).not.toContain('"jaeger"');
});

test(
  "workers are scaled on a figure that /metrics has, which prometheus-adapter takes from there",
  { timeout: 120_000 },
  async () => {
    const { spec } = find(kustomize("base"), "HorizontalPodAutoscaler", "worker");
    const [{ external }] = spec["metrics"] as [
      { external: { metric: { name: string; selector: { matchLabels: Record<string, string> } } } },
    ];
    const adapter = parse(read("deploy/kubernetes/components/monitoring/prometheus-adapter-values.yaml")) as {
      rules: { external: { seriesQuery: string; name: { as: string }; metricsQuery: string }[] };
    };
    expect(adapter.rules.external[0]?.name.as).toBe(external.metric.name);
    expect(adapter.rules.external[0]?.seriesQuery).toMatch(new RegExp(`^${external.metric.name}\\{`));
    // The Deployment has no number of its own: each `kubectl apply` would set it back.
    expect(find(kustomize("base"), "Deployment", "worker").spec["replicas"]).toBeUndefined();
    const worker = await start(["worker"], { data: await temporaryDirectory() });
    const metrics = await (await fetch(`${worker.address("admin")}/metrics`)).text();
    const [[label, value] = []] = Object.entries(external.metric.selector.matchLabels);
    expect(metrics).toMatch(new RegExp(`^${external.metric.name}\\{${label}="${value}"\\} \\d+$`, "m"));
  },
);

test("every Secret that is asked for is told of in the documents", () => {
  const documents = `${read("docs/deploy/kubernetes.md")}${read("docs/deploy/jaeger.md")}`;
  for (const name of documentedSecrets) expect(documents).toContain(name);
});

test(
  "the arguments and settings of the manifests, on real Redis and PostgreSQL, bring a ticket to its end, its trace and the console",
  { timeout: 180_000 },
  async () => {
    const resources = kustomize("overlays/production");
    const settings = resources.find(
      ({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("throughline-settings"),
    )?.data;
    const redis = await startRedis();
    const postgres = `postgres://test@127.0.0.1:${await startPostgres()}/shop`;
    // A pod has a directory of its own; the keys are the same in all, as the Secret brings them.
    const keys = [crypto.getRandomValues(Buffer.alloc(32)), crypto.getRandomValues(Buffer.alloc(32))];
    // As docs/deploy/kubernetes.md makes the Secret throughline-console.
    const secret = await temporaryDirectory();
    const made = await run(["token", "add", "console", "--scope", "admin", "--data", secret]);
    writeFileSync(join(secret, "token"), made.stdout);
    const adminOfReceiver = `127.0.0.1:${await freePort()}`;
    const pod = async (name: string, endpoint = "127.0.0.1:1") => {
      const data = await temporaryDirectory();
      for (const [at, file] of ["tenants.key", "links.key"].entries())
        writeFileSync(join(data, file), keys[at] ?? "", { mode: 0o440 });
      const args = (containerOf(resources, name).args ?? []).map((one) =>
        name === "receiver" && one.startsWith("--admin=")
          ? `--admin=${adminOfReceiver}`
          : one.replace(/=0\.0\.0\.0:\d+$/, "=127.0.0.1:0"),
      );
      const mounts = (containerOf(resources, name).volumeMounts ?? []).map(({ mountPath }) => mountPath);
      if (mounts.includes("/data/tokens.json"))
        copyFileSync(join(secret, "tokens.json"), join(data, "tokens.json"));
      const given = (containerOf(resources, name).env ?? []).flatMap((one) =>
        one.name.startsWith("THROUGHLINE_ENHANCER") ? [[one.name, one.value ?? ""]] : [],
      );
      const enhancer = Object.fromEntries(given) as Record<string, string>;
      expect(Object.values(enhancer)).toEqual(
        name === "jaeger" ? ["http://receiver:8001", "/run/console/token"] : [],
      );
      const env = {
        ...settings,
        ...(name === "jaeger"
          ? {
              THROUGHLINE_ENHANCER: `http://${adminOfReceiver}`,
              THROUGHLINE_ENHANCER_TOKEN_FILE: join(secret, "token"),
            }
          : {}),
        THROUGHLINE_POSTGRES: postgres,
        THROUGHLINE_REDIS: `redis://127.0.0.1:${redis}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${endpoint}`,
        OTEL_TRACES_SAMPLER_ARG: "1",
        THROUGHLINE_LOGIN_PROXIES: "127.0.0.1",
        THROUGHLINE_ZIPKIN: "127.0.0.1:0",
        THROUGHLINE_JAEGER_THRIFT: "127.0.0.1:0",
        THROUGHLINE_JAEGER_COMPACT: "127.0.0.1:0",
        THROUGHLINE_JAEGER_BINARY: "127.0.0.1:0",
      };
      return { data, running: await start(args, { data, env, ports: [] }) };
    };
    const jaeger = await pod("jaeger");
    const endpoint = jaeger.running.address("otlpGrpc");
    const receiver = await pod("receiver", endpoint);
    await pod("worker", endpoint);
    // As the probes ask.
    expect((await fetch(`${jaeger.running.address("console")}/`)).status).toBe(200);
    expect((await fetch(`${receiver.running.address("admin")}/readyz`)).status).toBe(200);

    const desk = await start(["simulate", "desk", "--key", deskKey], { data: await temporaryDirectory() });
    await addTenant(receiver.data, desk.address("desk"), ["--postgres", postgres]);
    const ticket = await acceptTicket(receiver.running.address("webhook"), "KUBE-1");
    expect(await jobEnded(receiver.running.address("admin"), ticket.job_id)).toMatchObject({ state: "done" });
    const spans = await traceWith(
      jaeger.running.address("console"),
      ticket.trace_id,
      (found) => named(found, "enhance_ticket").length === 1 && named(found, "job_queued").length === 1,
      // As oauth2-proxy says who looks.
      { "x-forwarded-email": "ada@example.com" },
    );
    expect((await fetch(`${jaeger.running.address("console")}/api/services`)).status).toBe(401);
    const headers = { "x-forwarded-email": "ada@example.com" };
    const tickets = await fetch(`${jaeger.running.address("console")}/admin/api/tickets`, { headers });
    expect(await tickets.text()).toContain("KUBE-1");
    // Nothing but the console reaches the receivers' admin API, and only where the overlay has tickets.
    expect(JSON.stringify(find(resources, "Service", "receiver").spec)).toContain("8001");
    expect(JSON.stringify(find(kustomize("base"), "Service", "receiver").spec)).not.toContain("8001");
    expect(spans.length).toBeGreaterThan(5);
  },
);
