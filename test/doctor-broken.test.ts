import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer, request, type Server } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { addTenant, command, deskKey, run, start, startWithDesk, temporaryDirectory } from "./harness.ts";
import { freePort, startPostgres, startRedisIn } from "./servers.ts";
import { makeCertificates } from "../packages/tracing/test/certificates.ts";

interface Check {
  id: string;
  status: string;
  detail: string;
  remedy?: string;
}

interface Look {
  args?: readonly string[];
  env?: Record<string, string>;
  /** Becomes the command: what stands before it. */
  through?: readonly string[];
}

interface Broken {
  /** What is broken, as the test's name says it. */
  what: string;
  make: (data: string) => Promise<Look> | Look;
  names: [id: string, status: "warn" | "fail", detail: RegExp, remedy: RegExp];
}

const traces = async (args: readonly string[] = []) =>
  start(["traces", ...args], { data: await temporaryDirectory() });
const otlp = (endpoint: string, protocol: string, more: Record<string, string> = {}): Look => ({
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, ...more },
});

async function withTls(data: string) {
  const { server } = makeCertificates();
  writeFileSync(join(data, "cert.pem"), server.cert, { mode: 0o600 });
  writeFileSync(join(data, "key.pem"), server.key, { mode: 0o600 });
  return traces(["--tls-cert", join(data, "cert.pem"), "--tls-key", join(data, "key.pem")]);
}

/** Passes requests on to another server and changes the headers of its answers. */
async function proxyTo(target: string, headers: () => Record<string, string>): Promise<string> {
  const server: Server = createServer((incoming, outgoing) => {
    const { method = "GET", url = "/" } = incoming;
    const call = request(new URL(url, target), { method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, { ...answer.headers, ...headers() });
      answer.pipe(outgoing);
    });
    call.on("error", () => outgoing.writeHead(502, headers()).end());
    incoming.pipe(call);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const hourAhead = () => ({ date: new Date(Date.now() + 3_600_000).toUTCString() });

const systems: readonly Broken[] = [
  {
    what: "nobody listens at the OTLP endpoint",
    make: async () => otlp(`http://127.0.0.1:${await freePort()}`, "grpc"),
    names: ["otlp.endpoint", "fail", /ECONNREFUSED/, /OTEL_EXPORTER_OTLP_ENDPOINT/],
  },
  {
    what: "gRPC is spoken to the port of HTTP",
    make: async () => otlp((await traces()).address("otlpHttp"), "grpc"),
    names: ["otlp.endpoint", "fail", /./, /takes OTLP over HTTP, not gRPC.*http\/protobuf/],
  },
  {
    what: "HTTP is spoken to the port of gRPC",
    make: async () => otlp(`http://${(await traces()).address("otlpGrpc")}`, "http/protobuf"),
    names: ["otlp.endpoint", "fail", /./, /takes OTLP over gRPC, not HTTP.*=grpc/],
  },
  {
    what: "the endpoint is the console's port",
    make: async () => otlp((await traces()).address("console"), "http/protobuf"),
    names: ["otlp.endpoint", "fail", /HTTP 40\d/, /takes no spans: it is another service/],
  },
  {
    what: "the backend speaks TLS and the endpoint does not",
    make: async (data) => otlp(`http://${(await withTls(data)).address("otlpGrpc")}`, "grpc"),
    names: ["otlp.endpoint", "fail", /./, /speaks TLS: the endpoint must begin with https/],
  },
  {
    what: "the endpoint speaks TLS and the backend does not",
    make: async () => otlp(`https://${(await traces()).address("otlpGrpc")}`, "grpc"),
    names: ["otlp.endpoint", "fail", /./, /speaks no TLS: the endpoint must begin with http:/],
  },
  {
    what: "the backend's certificate is not trusted",
    make: async (data) => otlp(`https://${(await withTls(data)).address("otlpGrpc")}`, "grpc"),
    names: ["otlp.endpoint", "fail", /UNABLE_TO_.*OTEL_EXPORTER_OTLP_CERTIFICATE/, /./],
  },
  {
    what: "a proxy stands before the backend and does not let gRPC through",
    make: async () => {
      const nobody = `http://127.0.0.1:${await freePort()}`;
      return otlp(await proxyTo(nobody, () => ({ via: "1.1 proxy", server: "nginx" })), "grpc");
    },
    names: ["otlp.endpoint", "fail", /./, /A proxy answers at .*nginx/],
  },
  {
    what: "the environment names a proxy that the exporter does not use",
    make: () => otlp("http://traces.invalid:4317", "grpc", { HTTPS_PROXY: "http://proxy.invalid:3128" }),
    names: ["otlp.proxy", "warn", /HTTPS_PROXY is set, but spans go to traces\.invalid/, /NO_PROXY/],
  },
  {
    what: "a tenth is sampled",
    make: () => ({ env: { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" } }),
    names: ["sampler", "warn", /of 1,000 tickets 900 will have no trace/, /OTEL_TRACES_SAMPLER_ARG=1/],
  },
  {
    what: "nothing is exported",
    make: () => ({ env: { OTEL_TRACES_EXPORTER: "none" } }),
    names: ["sampler", "fail", /no ticket has a trace/, /Unset OTEL_TRACES_EXPORTER/],
  },
  {
    what: "a variable of tracing cannot be read",
    make: () => ({ env: { OTEL_TRACES_SAMPLER_ARG: "2" } }),
    names: ["tracing", "fail", /OTEL_TRACES_SAMPLER_ARG is "2"/, /do not start/],
  },
  {
    what: "spans wait for longer than anybody looks",
    make: () => ({ env: { OTEL_BSP_SCHEDULE_DELAY: "60000" } }),
    names: ["batch", "warn", /every 60 s/, /OTEL_BSP_SCHEDULE_DELAY/],
  },
  {
    what: "redaction lets keys through",
    make: (data) => {
      writeFileSync(join(data, "rules.json"), JSON.stringify({ allowKeys: ["*api_key*"] }));
      return { args: ["--redaction-rules", join(data, "rules.json")] };
    },
    names: ["redaction", "fail", /values under api_key stay readable/, /--redaction-rules/],
  },
  {
    what: "Redis throws keys away and keeps nothing",
    make: async (data) => {
      const { port, end } = await startRedisIn(await temporaryDirectory(), {
        args: ["--maxmemory-policy", "allkeys-lru"],
      });
      onTestFinished(end);
      mkdirSync(join(data, "run"));
      return { args: ["--redis", `redis://127.0.0.1:${port}`] };
    },
    names: ["redis.maxmemory-policy", "fail", /maxmemory-policy is allkeys-lru/, /noeviction/],
  },
  {
    what: "Redis keeps nothing over a restart",
    make: async () => {
      const { port, end } = await startRedisIn(await temporaryDirectory(), { args: ["--appendonly", "no"] });
      onTestFinished(end);
      return { args: ["--redis", `redis://127.0.0.1:${port}`] };
    },
    names: ["redis.persistence", "fail", /a restart of Redis loses every job/, /appendonly to yes/],
  },
  {
    what: "Redis is away",
    make: async () => ({ args: ["--redis", `redis://127.0.0.1:${await freePort()}`] }),
    names: ["redis", "fail", /does not answer \(.*ECONNREFUSED/, /--redis/],
  },
  {
    what: "PostgreSQL runs without fsync",
    make: async () => ({ args: ["--postgres", `postgres://test@127.0.0.1:${await startPostgres()}/shop`] }),
    names: ["postgres.fsync", "fail", /fsync is off/, /fsync = on/],
  },
  {
    what: "PostgreSQL is away",
    make: async () => ({ args: ["--postgres", `postgres://test:geheim@127.0.0.1:${await freePort()}/shop`] }),
    names: ["postgres", "fail", /^(?!.*geheim).*cannot be used.*ECONNREFUSED/, /--postgres/],
  },
  {
    what: "the desk does not take the key",
    make: async (data) => {
      const desk = await start(["simulate", "desk", "--key", "another key"], { data: join(data, "desk") });
      await addTenant(data, desk.address("desk"));
      return {};
    },
    names: ["desk.acme", "fail", /refused.*401/, /--desk-key/],
  },
  {
    what: "the desk is away",
    make: async (data) => {
      await addTenant(data, `http://127.0.0.1:${await freePort()}`);
      return {};
    },
    names: ["desk.acme", "fail", /cannot be reached \(ECONNREFUSED\)/, /--desk URL/],
  },
  {
    what: "the desk's clock is an hour ahead",
    make: async (data) => {
      const desk = await start(["simulate", "desk", "--key", deskKey], { data: join(data, "desk") });
      await addTenant(data, await proxyTo(desk.address("desk"), hourAhead));
      return {};
    },
    names: ["clock.desk.acme", "fail", /this machine is (3599|3600)\.\d s behind it/, /chrony/],
  },
  {
    what: "the backend's clock is an hour ahead",
    make: async () => otlp(await proxyTo((await traces()).address("otlpHttp"), hourAhead), "http/protobuf"),
    names: ["clock.backend", "fail", /this machine is (3599|3600)\.\d s behind it/, /chrony/],
  },
  {
    what: "the model refuses the key",
    make: async () => {
      const llm = await start(["simulate", "llm", "--key", "sk-right"], { data: await temporaryDirectory() });
      return { env: { OPENAI_API_KEY: "sk-wrong", OPENAI_BASE_URL: `${llm.address("llm")}/v1` } };
    },
    names: ["model", "fail", /refuses the key \(HTTP 401\)/, /OPENAI_API_KEY/],
  },
  {
    what: "the model server is away",
    make: async () => ({
      env: { OPENAI_API_KEY: "sk-x", OPENAI_BASE_URL: `http://127.0.0.1:${await freePort()}/v1` },
    }),
    names: ["model", "fail", /does not answer \(ECONNREFUSED\)/, /OPENAI_BASE_URL/],
  },
  {
    what: "a key file can be read by everybody",
    make: async (data) => {
      await addTenant(data, "http://127.0.0.1:9");
      chmodSync(join(data, "tenants.key"), 0o644);
      return {};
    },
    names: ["permissions.keys", "fail", /tenants\.key can be read by others \(644\)/, /chmod 600/],
  },
  {
    what: "the data directory is open to others",
    make: (data) => {
      chmodSync(data, 0o755);
      return {};
    },
    names: ["permissions.data", "warn", /is open to others \(755\)/, /chmod 700/],
  },
  {
    what: "tenants.key is another than the one that secrets are sealed under",
    make: async (data) => {
      await addTenant(data, "http://127.0.0.1:9");
      writeFileSync(join(data, "tenants.key"), Buffer.alloc(32, 7), { mode: 0o600 });
      return {};
    },
    names: ["tenants.key", "fail", /key/, /tenants\.key or THROUGHLINE_TENANTS_KEY/],
  },
  {
    what: "a block of the trace store was set aside",
    make: (data) => {
      mkdirSync(join(data, "traces"));
      writeFileSync(join(data, "traces", "0000000000000007.block.damaged"), "x");
      return {};
    },
    names: [
      "traces.damaged",
      "fail",
      /0000000000000007\.block\.damaged is damaged and was set aside/,
      /backup/,
    ],
  },
  {
    what: "few files may be open",
    make: () => ({ through: ["prlimit", "--nofile=512:512"] }),
    names: ["files.limit", "fail", /may have 512 files/, /ulimit -n 65536/],
  },
  {
    what: "the queue is paused",
    make: async (data) => {
      await run(["queue", "pause", "--data", data]);
      return {};
    },
    names: ["queue.paused", "warn", /no job is taken/, /queue resume/],
  },
  {
    what: "tickets are in the dead letter",
    make: async (data) => {
      const { data: other, up } = await startWithDesk({ deskArgs: ["--fail", "403"] });
      expect(data).not.toBe(other);
      const { acceptTicket, jobEnded } = await import("./harness.ts");
      const { job_id: job } = await acceptTicket(up.address("webhook"), "DEAD-1");
      await jobEnded(up.address("admin"), job);
      return { args: ["--data", other] };
    },
    names: ["queue.dead", "warn", /1 jobs are in the dead letter/, /jobs list --state dead/],
  },
  {
    what: "the roles do not reach their backend",
    make: async (data) => {
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
        OTEL_BSP_EXPORT_TIMEOUT: "500",
      };
      const receiver = await start(["receiver"], { data, env });
      await fetch(`${receiver.address("webhook")}/webhook/servicedesk`, { method: "POST", body: "{}" });
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      await fetch(`${receiver.address("admin")}/readyz`);
      return { env };
    },
    names: ["health.receiver.traceExport", "fail", /does not take spans/, /health\.md/],
  },
];

test.each(systems)("where $what, doctor says so", { timeout: 120_000 }, async ({ make, names }) => {
  const [id, status, detail, remedy] = names;
  const data = await temporaryDirectory();
  const { args = [], env = {}, through } = await make(data);
  const options = ["doctor", "--data", data, ...args, "--json"];
  const { code, stdout, stderr } =
    through === undefined ? await run(options, { env }) : await runThrough([...through, command, ...options]);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const found = checks.filter((check) => check.id === id && check.status === status);
  expect(found, `${stdout}${stderr}`).toContainEqual({
    id,
    status,
    detail: expect.stringMatching(detail),
    remedy: expect.stringMatching(remedy),
  });
  expect(code).toBe(checks.some((check) => check.status === "fail") ? 1 : 0);
});

async function runThrough([program = "", ...args]: readonly string[]) {
  const { spawn } = await import("node:child_process");
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}
