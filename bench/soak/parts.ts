import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { run, secret, start, type Started } from "../processes.ts";
import { startRedis } from "../ticket-surroundings.ts";

export const tenant = "soak";
export const deskKey = "desk-key-of-the-soak";

/** One process of the system, at addresses that outlive it. */
export class Part {
  readonly name: string;
  /** Undefined while it is away. */
  running: Started | undefined;
  private readonly args: readonly string[];
  private readonly data: string;
  private readonly env: Record<string, string>;
  private readonly logs: string;

  constructor(
    name: string,
    at: { args: readonly string[]; data: string; env?: Record<string, string>; logs: string },
  ) {
    this.name = name;
    this.args = at.args;
    this.data = at.data;
    this.env = at.env ?? {};
    this.logs = at.logs;
    mkdirSync(this.data, { recursive: true });
  }

  async start(flags: readonly string[] = []): Promise<void> {
    const log = join(this.logs, `${this.name}.log`);
    this.running = await start([...this.args, ...flags], this.data, this.env, log);
    const { child } = this.running;
    child.once("close", () => {
      if (this.running?.child === child) this.running = undefined;
    });
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const ending = this.running;
    this.running = undefined;
    await ending?.stop(signal);
  }
}

export interface System {
  receiver: Part;
  worker: Part;
  traces: Part;
  desk: Part;
  model: Part;
  /** Addresses, the same all the while. */
  at: {
    webhook: string;
    admin: string;
    console: string;
    otlpHttp: string;
    tracesAdmin: string;
    desk: string;
  };
  /** How receiver and worker keep their jobs and records, for the report. */
  kept: string;
  stop(): Promise<void>;
}

type Eight = [string, string, string, string, string, string, string, string];

/** The whole product as processes of the shipped command, with a simulated desk and a simulated model. */
export async function startSystem(
  directory: string,
  options: { queue: string; postgres: string | undefined; retention: string },
): Promise<System> {
  const data = join(directory, "data");
  const logs = join(directory, "logs");
  mkdirSync(data, { recursive: true });
  mkdirSync(logs);
  const redis = options.queue === "redis" ? await startRedis(directory) : undefined;
  const stores = [
    ...(redis === undefined ? [] : ["--redis", redis.url]),
    ...(options.postgres === undefined ? [] : ["--postgres", options.postgres]),
  ];
  const hosts = (await freePorts(8)).map((port) => `127.0.0.1:${port}`);
  const [webhook, admin, console, otlpGrpc, otlpHttp, tracesAdmin, desk, model] = hosts as Eight;
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${otlpGrpc}`,
    OPENAI_API_KEY: "sk-of-the-soak",
    OPENAI_MODEL: "gpt-4o-mini",
    OPENAI_BASE_URL: `http://${model}/v1`,
  };
  const enhancer = { data, env, logs };
  const parts = {
    desk: new Part("desk", {
      args: ["simulate", "desk", "--no-sync", "--key", deskKey, "--listen", desk],
      data: join(directory, "desk"),
      logs,
    }),
    model: new Part("model", {
      args: ["simulate", "llm", "--listen", model],
      data: join(directory, "model"),
      logs,
    }),
    traces: new Part("traces", {
      args: [
        "traces",
        `--console=${console}`,
        `--otlp-grpc=${otlpGrpc}`,
        `--otlp-http=${otlpHttp}`,
        `--admin=${tracesAdmin}`,
        `--retention=${options.retention}`,
      ],
      data,
      logs,
    }),
    receiver: new Part("receiver", {
      args: ["receiver", "--webhook", webhook, "--admin", admin, ...stores],
      ...enhancer,
    }),
    // A desk that hangs costs an attempt of this long, so that tickets end soon after it is well again.
    worker: new Part("worker", { args: ["worker", "--job-limit", "15s", ...stores], ...enhancer }),
  };
  const settings = ["--desk", `http://${desk}`, "--desk-key", deskKey, "--rate", "none"];
  await run(["tenant", "add", tenant, "--secret", secret, ...settings, ...stores, "--data", data]);
  for (const part of Object.values(parts)) await part.start();
  const stop = async () => {
    const { receiver, worker, traces, model: llm, desk: helpdesk } = parts;
    for (const part of [receiver, worker, traces, llm, helpdesk]) await part.end("SIGTERM");
    await redis?.stop();
  };
  const at = {
    webhook: `http://${webhook}`,
    admin: `http://${admin}`,
    console: `http://${console}`,
    otlpHttp: `http://${otlpHttp}`,
    tracesAdmin: `http://${tracesAdmin}`,
    desk: `http://${desk}`,
  };
  const kept = `${redis === undefined ? "SQLite" : "Redis (every write synced)"}${options.postgres === undefined ? "" : " and PostgreSQL"}`;
  return { ...parts, at, kept, stop };
}

/** All held at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.push((server.address() as { port: number }).port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}
