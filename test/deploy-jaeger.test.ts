import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { find, kustomize, type Resource, root, templateOf } from "./manifests/build.ts";

interface Config {
  service: {
    extensions: string[];
    pipelines: Record<string, { receivers: string[]; processors: string[]; exporters: string[] }>;
  };
  extensions: Record<string, Record<string, unknown>>;
  receivers: Record<string, { protocols: Record<string, { endpoint: string }> }>;
  processors: Record<string, Record<string, unknown>>;
  exporters: Record<string, Record<string, unknown>>;
}
const read = (file: string) => readFileSync(join(root, "deploy/jaeger", file), "utf8");
const config = (name: string) => parse(read(`${name}/config.yaml`)) as Config;

test.each(["all-in-one", "elasticsearch", "cassandra", "collector"])(
  "%s: what the pipelines are made of is configured, and nothing else is",
  (name) => {
    const { service, extensions, receivers, processors, exporters } = config(name);
    const pipelines = Object.values(service.pipelines);
    const used = (part: "receivers" | "processors" | "exporters") =>
      [...new Set(pipelines.flatMap((pipeline) => pipeline[part]))].toSorted();
    expect(Object.keys(extensions).toSorted()).toEqual(service.extensions.toSorted());
    expect(Object.keys(receivers).toSorted()).toEqual(used("receivers"));
    expect(Object.keys(processors).toSorted()).toEqual(used("processors"));
    expect(Object.keys(exporters).toSorted()).toEqual(used("exporters"));
  },
);

test.each(["all-in-one", "elasticsearch", "cassandra"])(
  "%s: spans are written to the storage that they are read from, and the pod has the ports",
  (name) => {
    const { extensions, exporters, receivers } = config(name);
    const written = exporters["jaeger_storage_exporter"]?.["trace_storage"];
    expect(extensions["jaeger_query"]?.["storage"]).toEqual({ traces: written });
    expect(Object.keys(extensions["jaeger_storage"]?.["backends"] as object)).toEqual([written]);
    const deployment = find(kustomize(`overlays/jaeger-${name}`), "Deployment", "jaeger");
    const ports = (templateOf(deployment)?.spec.containers[0]?.ports ?? []).map((one) => one.containerPort);
    const otlp = Object.values(receivers["otlp"]?.protocols ?? {}).map(({ endpoint }) => endpoint);
    const query = extensions["jaeger_query"] as { http: { endpoint: string }; grpc: { endpoint: string } };
    for (const endpoint of [...otlp, query.http.endpoint, query.grpc.endpoint])
      expect(ports).toContain(Number(endpoint.replace("0.0.0.0:", "")));
  },
);

test("the configuration that an overlay mounts is the file of deploy/jaeger, and its variables are given", () => {
  for (const name of ["all-in-one", "elasticsearch", "cassandra"]) {
    const resources = kustomize(`overlays/jaeger-${name}`);
    const deployment = find(resources, "Deployment", "jaeger");
    const { containers: [container] = [], volumes = [] } = templateOf(deployment)?.spec ?? {};
    const mounted = volumes.find((one) => one.name === "config")?.configMap?.name ?? "";
    const text = find(resources, "ConfigMap", mounted).data?.["config.yaml"] ?? "";
    expect(text).toBe(read(`${name}/config.yaml`));
    const maps = (container?.envFrom ?? []).flatMap(({ configMapRef }) =>
      configMapRef === undefined
        ? []
        : Object.keys(find(resources, "ConfigMap", configMapRef.name).data ?? {}),
    );
    // What a Secret holds, the documents list.
    const documents = readFileSync(join(root, "docs/deploy/jaeger.md"), "utf8");
    const wanted = [...text.matchAll(/\$\{env:(\w+)\}/g)].map(([, variable]) => variable ?? "");
    for (const variable of wanted)
      expect(maps.includes(variable) || documents.includes(`--from-literal=${variable}=`), variable).toBe(
        true,
      );
  }
});

test("spans live 30 days, in Elasticsearch and in Cassandra, and Jaeger looks for them that long", () => {
  const days = (hours: unknown) => Number(/^(\d+)h$/.exec(String(hours))?.[1]) / 24;
  const policy = JSON.parse(read("elasticsearch/ilm-policy.json")) as {
    policy: { phases: { delete: { min_age: string } } };
  };
  expect(policy.policy.phases.delete.min_age).toBe("30d");
  const elasticsearch = config("elasticsearch").extensions["jaeger_storage"] as {
    backends: { elasticsearch: { elasticsearch: Record<string, unknown> } };
  };
  expect(elasticsearch.backends.elasticsearch.elasticsearch).toMatchObject({
    use_aliases: true,
    use_ilm: true,
  });
  expect(days(elasticsearch.backends.elasticsearch.elasticsearch["max_span_age"])).toBe(30);
  const cassandra = config("cassandra").extensions["jaeger_storage"] as {
    backends: { cassandra: { cassandra: { schema: Record<string, unknown> } } };
  };
  expect(days(cassandra.backends.cassandra.cassandra.schema["trace_ttl"])).toBe(30);
  // The nightly deletion comes after ILM's.
  const job = templateOf(
    find(kustomize("overlays/jaeger-elasticsearch"), "CronJob", "jaeger-elasticsearch-clean"),
  );
  const command = job?.spec.containers[0]?.command ?? [];
  expect(command).toContain("--delete");
  expect(Number(command[command.indexOf("--older-than") + 1])).toBeGreaterThan(30);
});

test("the collector keeps what failed, was partial or slow, by the attributes of the trace contract; the enhancer samples nothing away", () => {
  const { policies, decision_wait: wait } = config("collector").processors["tail_sampling"] as {
    policies: ({ name: string; type: string } & Record<string, unknown>)[];
    decision_wait: string;
  };
  expect(policies.map(({ type }) => type)).toEqual([
    "status_code",
    "string_attribute",
    "latency",
    "boolean_attribute",
    "probabilistic",
  ]);
  const contract = readFileSync(join(root, "docs/trace-contract.md"), "utf8");
  for (const policy of policies) {
    const { key } = policy[policy.type] as { key?: string };
    expect(contract).toContain(key ?? "");
  }
  // An attempt may take 120 s.
  expect(Number.parseInt(wait, 10)).toBeGreaterThan(120);
  const settings = kustomize("overlays/collector").find(({ metadata }) =>
    metadata.name.startsWith("throughline-settings"),
  ) as Resource;
  expect(settings.data).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://otel-collector:4317",
    OTEL_TRACES_SAMPLER: "always_on",
  });
});
