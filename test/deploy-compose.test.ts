import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { settingNames, variableOf } from "../apps/cli/src/config.ts";
import {
  acceptTicket,
  addTenant,
  deskKey,
  jobEnded,
  named,
  notesOf,
  start,
  temporaryDirectory,
  traceWith,
} from "./harness.ts";
import { program } from "./programs.ts";
import { freePort, startPostgres, startRedisIn } from "./servers.ts";

const root = new URL("../", import.meta.url).pathname;
const read = (file: string) => readFileSync(join(root, file), "utf8");

interface Service {
  image: string;
  user: string;
  command?: string[];
  environment?: Record<string, string | null>;
  ports?: string[];
  volumes?: string[];
  networks: Record<string, { aliases?: string[] } | null>;
  profiles?: string[];
  scale?: number;
  tmpfs: string[];
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  healthcheck: { test: string[] };
  restart: string;
  mem_limit: string;
  mem_reservation: string;
  cpus: number;
  pids_limit: number;
  depends_on?: unknown;
}
interface Composition {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, object>;
}

/** What docker-compose makes of a file, with the variables of a .env and none of this process's. */
function composition(env = "", file = "compose.yaml"): Composition {
  const envFile = join(mkdtempSync(join(tmpdir(), "throughline-compose-")), "env");
  writeFileSync(envFile, env);
  const text = execFileSync(
    program("docker-compose"),
    ["--env-file", envFile, "-f", join(root, file), "config"],
    { encoding: "utf8", env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/" } },
  );
  return parse(text) as Composition;
}

function service({ services }: Composition, name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

test("the guide's commands find the whole product in the root: `jaeger` is our backend on the guide's ports", () => {
  const whole = composition();
  expect(Object.keys(whole.services).sort()).toEqual([
    "alertmanager",
    "grafana",
    "jaeger",
    "jaeger-all-in-one",
    "postgres",
    "prometheus",
    "receiver",
    "redis",
    "worker",
  ]);
  const jaeger = service(whole, "jaeger");
  expect(jaeger.command?.[0]).toBe("traces");
  expect(jaeger.profiles).toBeUndefined();
  expect(jaeger.scale).toBe(1);
  expect(jaeger.ports?.toSorted()).toEqual([
    "127.0.0.1:16686:16686/tcp",
    "127.0.0.1:4317:4317/tcp",
    "127.0.0.1:4318:4318/tcp",
    "127.0.0.1:6831:6831/udp",
    "127.0.0.1:6832:6832/udp",
  ]);
  for (const role of ["receiver", "worker"])
    expect(service(whole, role).environment?.["OTEL_EXPORTER_OTLP_ENDPOINT"]).toBe("http://jaeger:4317");
  // `docker-compose up -d jaeger` starts nothing else, and needs no .env.
  expect(jaeger.depends_on).toBeUndefined();
});

test("two variables put a real Jaeger in its place: same name, same ports, its own configuration", () => {
  const swapped = composition("COMPOSE_PROFILES=jaeger-all-in-one\nTRACES_REPLICAS=0\n");
  expect(service(swapped, "jaeger").scale).toBe(0);
  const real = service(swapped, "jaeger-all-in-one");
  expect(real.profiles).toEqual(["jaeger-all-in-one"]);
  expect(real.image).toMatch(/^jaegertracing\/jaeger:/);
  // Also the name by which Prometheus and Grafana know our backend.
  expect(real.networks["front"]?.aliases?.toSorted()).toEqual(["jaeger", "traces"]);
  expect(real.ports).toEqual(service(swapped, "jaeger").ports);
  const config = parse(read("deploy/jaeger/all-in-one/config.yaml")) as {
    receivers: Record<string, { protocols: Record<string, { endpoint: string }> }>;
    extensions: { jaeger_query: { http: { endpoint: string } } };
  };
  const listens = [
    config.extensions.jaeger_query.http,
    ...Object.values(config.receivers).flatMap(({ protocols }) => Object.values(protocols)),
  ].map(({ endpoint }) => endpoint.replace("0.0.0.0:", ""));
  expect(listens.toSorted()).toEqual(["16686", "4317", "4318", "6831", "6832"]);
});

test("the file of deploy/compose says the same as the one in the root", () => {
  const plain = (text: Composition) =>
    Object.entries(text.services).map(([name, { ports, volumes, networks, ...rest }]) => ({
      name,
      ports: ports?.toSorted(),
      volumes: volumes?.toSorted(),
      networks: Object.entries(networks).map(([network, options]) => [network, options ?? {}]),
      ...rest,
    }));
  const [inRoot, own] = [composition(), composition("", "deploy/compose/compose.yaml")];
  expect(plain(inRoot)).toEqual(plain(own));
  expect([inRoot.networks, inRoot.volumes]).toEqual([own.networks, own.volumes]);
});

test("every container is locked down: no root, nothing writable but volumes and memory, no capability, limits, a health check", () => {
  const { services, networks, volumes } = composition();
  for (const [name, one] of Object.entries(services)) {
    expect(one.image, name).toMatch(/^[a-z/-]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    expect(Number(one.user.split(":")[0]), name).toBeGreaterThan(0);
    expect(one, name).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      restart: "unless-stopped",
    });
    expect(one.healthcheck.test[0], name).toBe("CMD");
    expect(one.mem_limit, name).toMatch(/^\d+[mg]$/);
    expect(one.mem_reservation, name).toMatch(/^\d+[mg]$/);
    expect(one.cpus, name).toBeGreaterThan(0);
    expect(one.pids_limit, name).toBeGreaterThan(0);
    expect(
      one.tmpfs.some((mount) => mount.startsWith("/tmp:")),
      name,
    ).toBe(true);
    for (const port of one.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    // A directory of the machine is only read; what is written is a named volume.
    const writable = (one.volumes ?? []).filter((volume) => !/^\/[^:]+:[^:]+:ro$/.test(volume));
    for (const volume of writable) expect(Object.keys(volumes)).toContain(volume.split(":")[0]);
  }
  expect(networks["data"]).toEqual({ internal: true });
  for (const name of ["redis", "postgres"]) {
    expect(Object.keys(service({ services, networks, volumes }, name).networks)).toEqual(["data"]);
    expect(services[name]?.ports).toBeUndefined();
  }
});

test("a digest takes the place of every image's tag", () => {
  const digest = `@sha256:${"0123456789abcdef".repeat(4)}`;
  const used = read("deploy/compose/compose.yaml").matchAll(/\$\{(\w+_IMAGE):-/g);
  const variables = new Set([...used].map(([, name]) => name ?? ""));
  const pinned = composition(
    [...variables].map((name) => `${name}=example/${name.toLowerCase()}${digest}`).join("\n"),
  );
  for (const [name, { image }] of Object.entries(pinned.services))
    expect(image.endsWith(digest), name).toBe(true);
});

test(".env.example has every variable, with the guide's values, and the containers get each that is set", () => {
  const example = read(".env.example");
  expect(read("deploy/compose/.env.example")).toBe(example);
  const listed = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name ?? "");
  expect(new Set(listed).size).toBe(listed.length);
  const settings = read("docs/settings.md");
  const documented = [
    ...settings.matchAll(/`((?:OTEL|OPENAI|THROUGHLINE|DEPLOYMENT)_[A-Z0-9_]+[A-Z0-9])`/g),
  ].map(([, name]) => name ?? "");
  const refused = ["OTEL_CONFIG_FILE"];
  const wanted = new Set([...settingNames.map(variableOf), ...documented]);
  expect([...wanted].filter((name) => !listed.includes(name) && !refused.includes(name))).toEqual([]);
  const ofFile = [...read("deploy/compose/compose.yaml").matchAll(/\$\{(\w+):-/g)].map(
    ([, name]) => name ?? "",
  );
  expect(ofFile.filter((name) => !listed.includes(name))).toEqual([]);

  const set = [...example.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => [name, value]);
  expect(Object.fromEntries(set)).toMatchObject({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://jaeger:4317",
    OTEL_SERVICE_NAME: "ai-agents-enhancement",
    OTEL_TRACES_SAMPLER: "traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.1",
    DEPLOYMENT_ENV: "production",
    OTEL_BSP_MAX_QUEUE_SIZE: "2048",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "512",
    OTEL_BSP_SCHEDULE_DELAY: "5000",
    OTEL_BSP_EXPORT_TIMEOUT: "30000",
  });

  // Everything set at once: what is of the product reaches all its roles.
  const ofProduct = listed.filter(
    (name) => /^(OTEL|OPENAI|THROUGHLINE|DEPLOYMENT)_/.test(name) && name !== "THROUGHLINE_IMAGE",
  );
  const ofImage = ["THROUGHLINE_DATA", "THROUGHLINE_READY_FILE"];
  const addresses = ofProduct.filter((name) => new RegExp(`^#?${name}=127\\.0\\.0\\.1:`, "m").test(example));
  const all = composition(ofProduct.map((name) => `${name}=value-of-${name}`).join("\n"));
  for (const role of ["receiver", "worker", "jaeger"]) {
    const given = service(all, role).environment ?? {};
    for (const name of ofProduct.filter((one) => !addresses.includes(one) && !ofImage.includes(one)))
      expect(given[name], `${role}: ${name}`).toBe(`value-of-${name}`);
  }
});

test("what Prometheus scrapes are names and ports of this composition", () => {
  const { services } = composition();
  const names = new Map(
    Object.entries(services)
      .filter(([, one]) => one.profiles === undefined)
      .flatMap(([name, one]) =>
        [name, ...Object.values(one.networks).flatMap((network) => network?.aliases ?? [])].map(
          (alias) => [alias, one] as const,
        ),
      ),
  );
  const prometheus = parse(read("deploy/prometheus/prometheus.yml")) as {
    scrape_configs: { static_configs: { targets: string[] }[] }[];
  };
  const targets = prometheus.scrape_configs
    .flatMap(({ static_configs: configs }) => configs.flatMap((one) => one.targets))
    .filter((target) => target.endsWith(":8001"));
  expect(targets.length).toBe(3);
  for (const target of targets) {
    const found = names.get(target.replace(":8001", ""));
    expect(found?.command, target).toContain("--admin=0.0.0.0:8001");
    expect(Object.keys(found?.networks ?? {}), target).toContain("front");
  }
  // What is mounted from the repository is there.
  const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.map((one) => one.split(":")[0]),
  );
  const missing = mounted.filter((path = "") => path.startsWith("/") && !existsSync(path));
  expect(missing).toEqual([]);
});

/** The command line of a service, for this machine: loopback and free ports. */
function commandHere({ command = [] }: Service): string[] {
  return command.map((argument) => argument.replace(/=0\.0\.0\.0:\d+$/, "=127.0.0.1:0"));
}

test("the command lines of the composition, on real Redis and PostgreSQL, bring a ticket to its note and its trace", async () => {
  for (const example of ["", read(".env.example")]) {
    const whole = composition(example);
    const data = await temporaryDirectory();
    const postgres = await startPostgres();
    const [, ...redisArguments] = service(whole, "redis").command ?? [];
    const redis = await startRedisIn(await temporaryDirectory(), {
      args: redisArguments.filter((one, at) => one !== "--dir" && redisArguments[at - 1] !== "--dir"),
    });
    const adminOfReceiver = `127.0.0.1:${await freePort()}`;
    const environment = (name: string, endpoint?: string): Record<string, string> => {
      const given = Object.entries(service(whole, name).environment ?? {}).flatMap(([key, value]) =>
        value === null ? [] : [[key, value]],
      );
      const env = Object.fromEntries(given) as Record<string, string>;
      expect(env["THROUGHLINE_POSTGRES"]).toBe("postgres://throughline@postgres:5432/throughline");
      expect(env["THROUGHLINE_REDIS"]).toBe("redis://redis:6379");
      expect(env["THROUGHLINE_ENHANCER"]).toBe("http://receiver:8001");
      return {
        ...env,
        THROUGHLINE_POSTGRES: `postgres://test@127.0.0.1:${postgres}/shop`,
        THROUGHLINE_REDIS: `redis://127.0.0.1:${redis.port}`,
        THROUGHLINE_ENHANCER: `http://${adminOfReceiver}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${endpoint ?? "127.0.0.1:1"}`,
        // Every trace, at once: this is about addresses, not about sampling.
        OTEL_TRACES_SAMPLER_ARG: "1",
        OTEL_BSP_SCHEDULE_DELAY: "100",
      };
    };
    const role = (name: string, endpoint?: string) => {
      const ports = name === "receiver" ? ["--admin", adminOfReceiver] : [];
      return start(commandHere(service(whole, name)), { data, env: environment(name, endpoint), ports });
    };
    try {
      const jaeger = await role("jaeger");
      const endpoint = jaeger.address("otlpGrpc");
      const receiver = await role("receiver", endpoint);
      const worker = await role("worker", endpoint);
      for (const { healthcheck } of ["jaeger", "receiver", "worker"].map((name) => service(whole, name)))
        expect(healthcheck.test.slice(1, 3)).toEqual(["node", "-e"]);
      for (const running of [jaeger, receiver, worker]) {
        const script = (service(whole, "worker").healthcheck.test[3] ?? "").replace(
          "http://127.0.0.1:8001",
          running.address("admin"),
        );
        execFileSync(join(root, "node_modules/.bin/node"), ["-e", script]);
      }
      const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
      await addTenant(data, desk.address("desk"), [
        "--postgres",
        environment("worker")["THROUGHLINE_POSTGRES"] ?? "",
      ]);
      const { job_id: jobId, trace_id: traceId } = await acceptTicket(
        receiver.address("webhook"),
        "COMPOSE-1",
      );
      expect(await jobEnded(receiver.address("admin"), jobId)).toMatchObject({ state: "done" });
      expect(await notesOf(desk.address("desk"), "COMPOSE-1")).toHaveLength(1);
      const spans = await traceWith(
        jaeger.address("console"),
        traceId,
        (found) => named(found, "enhance_ticket").length === 1 && named(found, "job_queued").length === 1,
      );
      expect(named(spans, "POST /webhook/servicedesk")).toHaveLength(1);
      // The console has the tickets, without another step.
      const tickets = await fetch(`${jaeger.address("console")}/admin/api/tickets`);
      expect(await tickets.text()).toContain("COMPOSE-1");
      for (const running of [worker, receiver, jaeger]) await running.end();
    } finally {
      await redis.end();
    }
  }
});
