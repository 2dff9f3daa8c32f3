import { Metrics } from "@throughline/api/metrics";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { Access } from "./access.ts";
import { createTraceBackend, type TraceBackend, type TraceBackendConfig } from "./index.ts";
import { temporaryDirectory } from "./store/open-store.ts";

/** A port that nobody has. */
const free = { host: "127.0.0.1", port: 0 };

/** For tests: a backend on free ports and a directory of its own, which ends with the test. Nobody knows a token unless `access` does. */
export async function startBackend(
  config: Partial<TraceBackendConfig> = {},
  { access, metrics = new Metrics() }: { access?: Access; metrics?: Metrics } = {},
): Promise<TraceBackend> {
  const dataDirectory = config.dataDirectory ?? (await temporaryDirectory());
  const backend = await createTraceBackend(
    {
      dataDirectory,
      durability: "fsync",
      accessMode: "auto",
      retentionMs: 3_600_000,
      otlpGrpc: free,
      otlpHttp: free,
      queryGrpc: free,
      zipkin: free,
      jaegerThrift: free,
      jaegerCompact: free,
      jaegerBinary: free,
      console: free,
      consoleAssets: dataDirectory,
      ...config,
    },
    {
      logger: pino({ level: "silent" }),
      metrics,
      process: () =>
        Promise.resolve({
          process: { role: "traces", pid: process.pid },
          health: { status: "ok", since: "2026-01-01T00:00:00.000Z", parts: {} },
        }),
      access: access ?? { authenticate: () => Promise.resolve(undefined) },
    },
  );
  onTestFinished(() => backend.stop());
  return backend;
}
