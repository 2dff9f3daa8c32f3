import type { Command } from "commander";
import { Option } from "commander";
import { type Flags, flagOf, readSettings, type SettingName, type Settings, variableOf } from "../config.ts";
import { loginTexts } from "../login/settings.ts";
import { openDataDirectory, runningInstances } from "../runtime/data-directory.ts";
import type { CommandContext } from "./context.ts";

export const settingTexts: Record<SettingName, [placeholder: string, description: string]> = {
  data: ["DIR", "directory of all state (default .throughline)"],
  readyFile: ["FILE", "written as JSON once everything answers: pid and addresses"],
  postgres: [
    "URL",
    "tenants, history, documents and inventory in PostgreSQL in place of the data directory; best set by the variable, a flag can be read by others",
  ],
  redis: [
    "URL",
    "where jobs are queued in place of the data directory: redis[s]://, redis+sentinel://h1,h2/master, redis+cluster://h1,h2",
  ],
  concurrency: ["N", "jobs at once in this process (default 4)"],
  tenantConcurrency: [
    "N",
    "jobs of one tenant at once, in all processes together, where it has no limit of its own (default 64)",
  ],
  jobLimit: [
    "TIME",
    "one attempt at a ticket winds up after five sixths of it and is cancelled at its end (default 120s)",
  ],
  keepJobs: ["TIME", "how long jobs that ended are kept and drafts wait; dead letters stay (default 7d)"],
  keepJobsCount: ["N", "how many of them at most (default 100000)"],
  keepDeliveries: ["TIME", "how long a repeated delivery is known as one (default 7d)"],
  logKeep: ["TIME", "how long lines in DIR/logs are kept (default 7d)"],
  logBytes: ["SIZE", "of all of them; past it the oldest go (default 1GB)"],
  webhook: ["HOST:PORT", "webhooks (default 127.0.0.1:8000)"],
  trustedProxies: [
    "LIST",
    "proxies before the webhook port, whose X-Forwarded-For is believed: addresses and networks (default: none)",
  ],
  webhookMaxBody: ["SIZE", "largest body of a webhook (default 1 MiB; thirty times that for batches)"],
  webhookHeaderTimeout: ["TIME", "until a webhook's headers must be there (default 10s)"],
  webhookBodyTimeout: ["TIME", "until a whole webhook must be there (default 30s)"],
  webhookConnectionsPerAddress: ["N", "connections of one address to the webhook port (default 1000)"],
  webhookFailuresPerMinute: [
    "N",
    "unknown tenants and wrong signatures of one address, before it is told no more (default 120)",
  ],
  admin: ["HOST:PORT", "operations, metrics and health (default 127.0.0.1:8001)"],
  console: ["HOST:PORT", "console and Jaeger's HTTP API (default 127.0.0.1:16686)"],
  otlpGrpc: ["HOST:PORT", "OTLP over gRPC (default 127.0.0.1:4317)"],
  otlpHttp: ["HOST:PORT", "OTLP over HTTP (default 127.0.0.1:4318)"],
  queryGrpc: ["HOST:PORT", "Jaeger's query and storage services over gRPC (default 127.0.0.1:16685)"],
  zipkin: ["HOST:PORT", "spans of Zipkin, v1 and v2 (default 127.0.0.1:9411)"],
  jaegerCompact: ["HOST:PORT", "spans of Jaeger, compact Thrift over UDP (default 127.0.0.1:6831)"],
  jaegerBinary: ["HOST:PORT", "spans of Jaeger, binary Thrift over UDP (default 127.0.0.1:6832)"],
  jaegerThrift: ["HOST:PORT", "spans of Jaeger, Thrift over HTTP (default 127.0.0.1:14268)"],
  deskSync: ["TIME", "how often workers read the desks' solutions and assets (default 1h)"],
  publicUrl: ["URL", "where people reach the console: notes then link to their trace"],
  enhancer: [
    "URL",
    "admin address of an enhancer elsewhere, whose tickets the console of `traces` then shows",
  ],
  enhancerTokenFile: [
    "FILE",
    "holds the bearer token for an --enhancer with another data directory (token add --scope admin)",
  ],
  ui: ["DIR", "a built Jaeger UI, served in place of the console"],
  uiConfig: ["FILE", "its configuration, .json or .js"],
  storage: [
    "WHERE",
    "where spans are kept: local, or jaeger-grpc[s]://host:port of a Jaeger remote storage (default local)",
  ],
  storageCaFile: ["FILE", "PEM of the certificate authority of --storage jaeger-grpcs://"],
  storageTokenFile: ["FILE", "holds the bearer token for --storage"],
  retention: ["TIME", "how long spans are kept (default 72h)"],
  maxBytes: ["SIZE", "bytes of all stored spans; over it the oldest go, e.g. 20GB (default: no limit)"],
  durability: [
    "LEVEL",
    "fsync: acknowledged spans survive power loss; os: a crash of the process (default fsync)",
  ],
  ...loginTexts,
  access: [
    "MODE",
    "who must send a token to the trace backend: auto: everybody where others than this machine can connect; token: everybody; open: nobody (default auto)",
  ],
  consoleAccess: [
    "MODE",
    "the same of whoever reads, at the console's address and by the gRPC query services (default: as --access)",
  ],
  corsOrigins: ["LIST", "origins of web pages that may send spans over HTTP, or * (default: none)"],
  tlsCert: ["FILE", "certificate of what takes spans, PEM: OTLP, Zipkin and Thrift over HTTP then speak TLS"],
  tlsKey: ["FILE", "its key, PEM"],
  tlsClientCa: ["FILE", "PEM of the authority of senders' certificates: none sends without one"],
  consoleTlsCert: ["FILE", "certificate of the console's address and the gRPC query services, PEM"],
  consoleTlsKey: ["FILE", "its key, PEM"],
  consoleTlsClientCa: ["FILE", "PEM of the authority of readers' certificates: none reads without one"],
  slowThreshold: ["TIME", "a trace that takes longer is slow (default 60s)"],
  prices: ["FILE", "what models cost, JSON, beside the built-in prices (docs/notes.md)"],
  notes: ["on|off", "off: no note is written by this process (default on)"],
  redactionRules: ["FILE", "rules of what never leaves, beside the built-in ones (docs/redaction.md)"],
};

/** Settings of a command that opens the enhancer's state. */
export const storeSettings = ["data", "postgres", "redis"] as const;

/** Adds the flags of settings; each may also stand in the environment or in `.env`. */
export function addSettings(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) {
    const [placeholder, description] = settingTexts[name];
    command.addOption(new Option(`${flagOf(name)} <${placeholder}>`, `${description} [${variableOf(name)}]`));
  }
  return command;
}

/** The demo keeps apart from what is yours. */
export const demoDirectory = ".throughline/demo";

/**
 * The data directory of a command that works on it. `orDemo`: commands about tickets look at the demo, as it names them without
 * `--data`, where no directory is set and nothing runs on the default one.
 */
export function dataDirectoryOf(flags: Flags, context: CommandContext, { orDemo = false } = {}): string {
  const { data } = settingsOf(flags, context);
  const isSet = typeof flags["data"] === "string" || Boolean(context.environment[variableOf("data")]);
  const useDemo =
    orDemo && !isSet && runningInstances(data).length === 0 && runningInstances(demoDirectory).length > 0;
  return openDataDirectory(useDemo ? demoDirectory : data);
}

export function settingsOf(flags: Flags, context: CommandContext): Settings {
  return readSettings(flags, context.environment);
}

export function textOf(flags: Flags, name: string): string | undefined {
  const flag = flags[name];
  return typeof flag === "string" ? flag : undefined;
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Left-aligned columns; the last one may be long. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  for (const row of rows) {
    const cells = row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)));
    process.stdout.write(`${cells.join("  ")}\n`);
  }
}
