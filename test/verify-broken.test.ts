import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, type Running, start, startWithDesk, temporaryDirectory } from "./harness.ts";
import { freePort } from "./servers.ts";

interface Check {
  id: string;
  status: string;
  detail: string;
  remedy?: string;
}

interface Broken {
  /** What is broken, as the test's name says it. */
  what: string;
  /** Makes the system and returns the options of `verify` beside --data. */
  make: (data: string) => Promise<string[]>;
  /** The check that must name it, and in which words. */
  names: [id: string, detail: RegExp, remedy: RegExp];
}

const up = async (data: string, env: Record<string, string> = {}, args: readonly string[] = []) =>
  start(["up", ...args], { data, env });
const nothing = (): string[] => [];

/** Options for a system elsewhere, signed with a secret. */
function addressed(
  data: string,
  system: Running,
  secret = "a secret of the tests",
  tenant = "acme",
): string[] {
  writeFileSync(join(data, "secret"), secret);
  const signer = ["--tenant", tenant, "--secret-file", join(data, "secret")];
  return ["--url", system.address("webhook"), "--jaeger", system.address("console"), ...signer];
}

const systems: readonly Broken[] = [
  {
    what: "nothing runs",
    make: () => Promise.resolve([]),
    names: ["running", /^No receiver runs on /, /throughline up/],
  },
  {
    what: "no trace backend runs",
    make: async (data) => start(["receiver"], { data }).then(nothing),
    names: ["running", /^No trace backend runs on .*--jaeger/, /traces/],
  },
  {
    what: "no worker runs",
    make: async (data) => {
      await start(["traces"], { data });
      return start(["receiver"], { data }).then(nothing);
    },
    names: ["job", /no worker runs/, /throughline worker/],
  },
  {
    what: "the queue is paused",
    make: async (data) => {
      await up(data);
      await run(["queue", "pause", "--data", data]);
      return [];
    },
    names: ["job", /the queue is paused/, /queue resume/],
  },
  {
    what: "notes are switched off",
    make: async (data) => {
      await up(data);
      await run(["notes", "off", "--data", data]);
      return [];
    },
    names: ["span enhance_ticket", /the ticket was skipped: .*switched off/i, /notes on/],
  },
  {
    what: "the roles export no spans",
    make: async (data) => up(data, { OTEL_TRACES_EXPORTER: "none" }).then(nothing),
    names: ["trace", /the roles exported no span/, /OTEL_TRACES_EXPORTER/],
  },
  {
    what: "tracing is disabled",
    make: async (data) => up(data, { OTEL_SDK_DISABLED: "true" }).then(nothing),
    names: ["trace", /without a trace id/, /OTEL_SDK_DISABLED/],
  },
  {
    what: "spans go to an address where nobody listens",
    make: async (data) => {
      const endpoint = `http://127.0.0.1:${await freePort()}`;
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_EXPORT_TIMEOUT: "500" };
      return up(data, env).then(nothing);
    },
    names: ["trace", /the trace backend does not take spans/, /OTEL_EXPORTER_OTLP_ENDPOINT/],
  },
  {
    what: "spans go to another backend",
    make: async (data) => {
      const other = await start(["traces"], { data: await temporaryDirectory() });
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://${other.address("otlpGrpc")}` };
      return up(data, env).then(nothing);
    },
    names: ["trace", /spans were exported: they go to another backend/, /OTEL_EXPORTER_OTLP_ENDPOINT/],
  },
  {
    what: "a redaction rule lets keys through",
    make: async (data) => {
      const file = join(data, "rules.json");
      writeFileSync(file, JSON.stringify({ allowKeys: ["*key*"] }));
      return up(data, {}, ["--redaction-rules", file]).then(nothing);
    },
    names: ["redaction", /the key in the User-Agent header stands in the trace/, /--redaction-rules/],
  },
  {
    what: "the worker does not reach the desk",
    make: async (data) => {
      await up(data);
      return ["--desk-url", `http://127.0.0.1:${await freePort()}`];
    },
    names: ["job", /did not reach the built-in desk/, /--desk-url/],
  },
  {
    what: "the model refuses its key",
    make: async (data) => {
      const model = await start(["simulate", "llm", "--fail", "401"], { data: await temporaryDirectory() });
      const env = { OPENAI_API_KEY: "sk-wrong", OPENAI_BASE_URL: `${model.address("llm")}/v1` };
      return up(data, env).then(nothing);
    },
    names: ["span llm.openai.completion", /it failed: .*401/, /OPENAI_API_KEY/],
  },
  {
    what: "the backend that is named is away",
    make: async (data) => {
      await up(data);
      return ["--jaeger", `http://127.0.0.1:${await freePort()}`];
    },
    names: ["backend", /does not answer \(ECONNREFUSED\)/, /port 16686/],
  },
  {
    what: "what is named as the backend is none",
    make: async (data) => ["--jaeger", (await up(data)).address("admin")],
    names: ["backend", /answered 404|does not answer as Jaeger's HTTP API/, /Jaeger's HTTP API/],
  },
  {
    what: "the secret is another tenant's",
    make: async (data) => addressed(data, (await startWithDesk()).up, "another secret of the tests"),
    names: ["webhook", /answered 401 \(TL_SIGNATURE_INVALID/, /secret is not the tenant's/],
  },
  {
    what: "the receiver does not know the tenant",
    make: async (data) => addressed(data, (await startWithDesk()).up, undefined, "nobody"),
    names: ["webhook", /answered 404 \(TL_TENANT_UNKNOWN/, /does not know the tenant/],
  },
  {
    what: "no receiver listens at the address",
    make: async (data) => {
      const [, , ...rest] = addressed(data, await up(await temporaryDirectory()));
      return ["--url", `http://127.0.0.1:${await freePort()}`, ...rest];
    },
    names: ["webhook", /does not answer \(ECONNREFUSED\)/, /Start the receiver/],
  },
];

test.each(systems)(
  "where $what, verify says so and ends with 1 within 30 s",
  { timeout: 120_000 },
  async ({ make, names: [id, detail, remedy] }) => {
    const data = await temporaryDirectory();
    const args = await make(data);
    const { code, stdout, stderr } = await run(["verify", "--data", data, ...args, "--json"]);
    const { checks, seconds } = JSON.parse(stdout) as { checks: Check[]; seconds: number };
    const found = checks.find((check) => check.id === id);
    expect(found, `${stdout}${stderr}`).toMatchObject({
      status: "fail",
      detail: expect.stringMatching(detail),
      remedy: expect.stringMatching(remedy),
    });
    expect(code).toBe(1);
    expect(seconds).toBeLessThan(30);
    const { stdout: tenants } = await run(["tenant", "list", "--data", data, "--json"]);
    expect(JSON.parse(tenants)).toEqual({ tenants: [] });
  },
);
