import { type SystemStatus, ThroughlineError } from "@throughline/api";
import type { Health } from "@throughline/api/health";
import { Metrics } from "@throughline/api/metrics";
import type { WebhookLimits } from "@throughline/enhancer";
import type { Tracing } from "@throughline/tracing";
import type { Redactor } from "@throughline/tracing/redaction";
import type { Logger } from "pino";
import { join } from "node:path";
import { createProgram } from "./commands/program.ts";
import {
  readEnvironment,
  readPriceFile,
  readRedactionRules,
  type RedactionRules,
  type Settings,
} from "./config.ts";
import type { Access, AdminHandler } from "@throughline/traces";
import { createLogins } from "./login/logins.ts";
import { asksForToken } from "./runtime/address.ts";
import { AdminDoor } from "./runtime/admin-door.ts";
import { createAdminServer } from "./runtime/admin-server.ts";
import {
  addressOfRunning,
  announce,
  newToken,
  openDataDirectory,
  runningInstances,
  tokenOfRunning,
  writeReadyFile,
} from "./runtime/data-directory.ts";
import type { Instance, InstanceOptions, Role } from "./runtime/instance.ts";
import { operationsOf } from "./runtime/console-operations.ts";
import { createHealth, diskFinding, exportFinding } from "./runtime/health.ts";
import { explainListenError } from "./runtime/port-holder.ts";
import { accessOf } from "./runtime/access.ts";
import { AuditLog } from "./runtime/audit-log.ts";
import { feedbackPages } from "./runtime/feedback-page.ts";
import { type LazyStore, lazyStore } from "./runtime/lazy-store.ts";
import { diskMetrics } from "./runtime/disk-metrics.ts";
import { processRoutes } from "./runtime/process-routes.ts";
import { processMetrics } from "./runtime/process-metrics.ts";
import { tlsFiles } from "./runtime/tls-files.ts";
import { spanMetrics } from "./runtime/span-metrics.ts";
import { readTenantsKeys } from "./runtime/tenants-keys.ts";
import { logRoutes } from "./logs/log-routes.ts";
import { version } from "./version.ts";

/** How long jobs under way may go on once a stop was asked for; the whole stop stays within 5 s. */
const jobGraceMs = 2_500;
const flushMs = 1_000;
/** How often the parts that a process depends on are asked how they are. */
const lookEveryMs = 10_000;

/**
 * Wires one process: trace backend, then tracing, then the enhancer, then the admin server; then it is announced.
 * Stop is the reverse. This is the only place where the parts meet.
 */
async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { role, settings, logger, environment } = options;
  const runs = (part: Role) => role === "up" || role === part;
  const directory = openDataDirectory(settings.data);
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const undo of stops.splice(0).reverse()) await undo();
  };
  try {
    const addresses: Record<string, string> = { ...options.beside };
    const metrics = new Metrics();
    const unwatch = processMetrics(metrics, version);
    stops.push(() => Promise.resolve(unwatch()));
    diskMetrics(metrics, directory);
    const token = newToken();
    const rules = readRedactionRules(settings, environment);
    const access = accessOf(directory, token);
    const store = lazyStore(directory, settings.postgres);
    stops.push(store.close);
    const health = createHealth(logger);
    const operations = await operationsOf(role, directory, settings, logger);
    if (operations !== undefined) stops.push(() => operations.close());
    const starting = runs("traces")
      ? startTraceBackend(directory, settings, rules, access, metrics, logger, store, {
          adminApi: operations?.handler,
          process: async () => ({ process: { role, pid: process.pid }, health: await health.report() }),
        })
      : undefined;
    // While the backend's ingest thread starts, this thread loads what comes next.
    const loading = Promise.all([
      import("@throughline/tracing"),
      runs("receiver") || runs("worker") ? import("@throughline/enhancer") : undefined,
      import("./runtime/redaction.ts").then(({ redactorOf }) => redactorOf(rules)),
    ]);
    const backend = await starting;
    if (backend !== undefined) {
      stops.push(() => backend.stop());
      Object.assign(addresses, backend.addresses);
    }

    const [{ initTracerProvider }, enhancerPackage, redactor] = await loading;
    const tracing = initTracerProvider({
      environment,
      version,
      redactor,
      attributes: role === "up" ? {} : { "throughline.role": role },
      // Without a setting, spans go to the backend of this data directory, wherever it listens just now.
      defaultEndpoint: () =>
        `http://${backend?.own.otlpGrpc ?? addresses["otlpGrpc"] ?? addressOfRunning(directory, "otlpGrpc") ?? "127.0.0.1:4317"}`,
      // A backend that asks for tokens takes those of the processes on its directory.
      defaultHeaders: () => {
        const known = backend === undefined ? tokenOfRunning(directory, "otlpGrpc") : token;
        return known === undefined ? {} : { authorization: `Bearer ${known}` };
      },
      slowThresholdMs: settings.slowThreshold,
      ...(enhancerPackage === undefined ? {} : { keep: enhancerPackage.keepTicket }),
      logger,
    });
    stops.push(() => tracing.shutdown(flushMs));
    if (enhancerPackage !== undefined) spanMetrics(metrics, () => tracing.counts());

    health.checked("disk", true, () => diskFinding(directory));
    if (backend !== undefined) {
      health.checked("traces", true, async () => {
        const { ok, detail } = await backend.health();
        return { status: ok ? "ok" : "failed", detail };
      });
    }
    if (enhancerPackage !== undefined)
      health.checked(
        "traceExport",
        false,
        exportFinding(() => tracing.counts()),
      );
    const enhancer = await startEnhancer(options, directory, runs, tracing, redactor, metrics, health);
    if (enhancer !== undefined) stops.push(() => enhancer.stop(jobGraceMs));
    if (enhancer?.webhookUrl !== undefined) addresses["webhook"] = enhancer.webhookUrl;

    const api = [
      ...(enhancer?.adminRoutes ?? []),
      ...logRoutes(join(directory, "logs")),
      ...processRoutes(directory),
    ];
    const adminTracer = tracing.tracer("throughline.admin");
    if (enhancer !== undefined) await operations?.open(api, { tracer: adminTracer, version });
    const admin = createAdminServer({
      host: settings.admin.host,
      door: new AdminDoor(access, token),
      asksReaders: asksForToken(settings.access, settings.admin.host),
      version,
      tracer: adminTracer,
      logger,
      health,
      metrics,
      api,
      routes: backend === undefined ? [] : [backend.adminRoutes],
      changed: new AuditLog(store).adminChange,
    });
    // What fails while nobody asks is noticed all the same: its "since" is true, and the log tells.
    const looks = setInterval(() => void health.report(), lookEveryMs).unref();
    stops.push(() => Promise.resolve(clearInterval(looks)));
    addresses["admin"] = await admin.listen(settings.admin);
    stops.push(() => admin.close());

    const withdraw = announce(directory, {
      role,
      pid: process.pid,
      token,
      addresses,
      own: { ...backend?.own },
      ...(runs("worker") ? { workers: settings.concurrency } : {}),
    });
    stops.push(() => Promise.resolve(withdraw()));
    if (settings.readyFile !== undefined)
      writeReadyFile(settings.readyFile, { pid: process.pid, ...addresses });
    return { directory, addresses, store: enhancer?.store, stop };
  } catch (error) {
    await stop();
    throw explainListenError(alreadyRunning(error, directory), settings);
  }
}

async function startTraceBackend(
  directory: string,
  settings: Settings,
  redaction: RedactionRules,
  access: Access,
  metrics: Metrics,
  logger: Logger,
  store: LazyStore,
  about: {
    adminApi: AdminHandler | undefined;
    process: () => Promise<Pick<SystemStatus, "process" | "health">>;
  },
) {
  const { createTraceBackend } = await import("@throughline/traces");
  const feedback = feedbackPages(directory, store);
  const audit = new AuditLog(store);
  const logins = createLogins(directory, settings, {
    isRequired: asksForToken(settings.consoleAccess ?? settings.access, settings.console.host),
    record: audit.login,
    logger,
  });
  return createTraceBackend(
    {
      dataDirectory: `${directory}/traces`,
      durability: settings.durability,
      remote:
        settings.storage === undefined
          ? undefined
          : { ...settings.storage, caFile: settings.storageCaFile, tokenFile: settings.storageTokenFile },
      retentionMs: settings.retention,
      maxBytes: settings.maxBytes,
      otlpGrpc: settings.otlpGrpc,
      otlpHttp: settings.otlpHttp,
      queryGrpc: settings.queryGrpc,
      zipkin: settings.zipkin,
      jaegerThrift: settings.jaegerThrift,
      jaegerCompact: settings.jaegerCompact,
      jaegerBinary: settings.jaegerBinary,
      console: settings.console,
      redaction,
      accessMode: settings.access,
      readAccessMode: settings.consoleAccess ?? settings.access,
      ...(settings.corsOrigins === undefined ? {} : { corsOrigins: settings.corsOrigins }),
      tls: tlsFiles(settings, "tls"),
      consoleTls: tlsFiles(settings, "consoleTls"),
      jaegerUi:
        settings.ui === undefined
          ? undefined
          : { assets: settings.ui, configFile: settings.uiConfig, version },
      consoleAssets: new URL("../../console/dist", import.meta.url).pathname,
      pages: (server) => {
        feedback.mount(server);
        logins.mount(server);
      },
      publicUrl: settings.publicUrl,
      adminApi: about.adminApi,
    },
    {
      logger,
      metrics,
      access,
      logins,
      record: audit.storageChange,
      process: about.process,
    },
  );
}

async function startEnhancer(
  { settings, environment, models, logger }: InstanceOptions,
  dataDirectory: string,
  runs: (part: Role) => boolean,
  tracing: Tracing,
  redactor: Redactor,
  metrics: Metrics,
  health: Health,
) {
  const receives = runs("receiver");
  const works = runs("worker");
  if (!receives && !works) return undefined;
  const { createEnhancer } = await import("@throughline/enhancer");
  return createEnhancer(
    {
      dataDirectory,
      postgres: settings.postgres,
      deskSyncMs: settings.deskSync,
      redis: settings.redis,
      queue: queueSettingsOf(settings),
      concurrency: settings.concurrency,
      jobLimitMs: settings.jobLimit,
      tenantsKeys: readTenantsKeys(environment),
      webhook: receives ? { ...settings.webhook, limits: webhookLimits(settings) } : undefined,
      worker: works,
      models,
      prices: readPriceFile(settings),
      notesOn: settings.notes === "on",
      publicUrl: settings.publicUrl,
    },
    {
      tracer: tracing.tracer("throughline.enhancer"),
      slowAfterMs: tracing.slowAfterMs,
      redactor,
      metrics,
      health,
      logger,
    },
  );
}

function queueSettingsOf({ keepJobs, keepJobsCount, keepDeliveries, tenantConcurrency }: Settings) {
  const keep = { finishedMs: keepJobs, finishedCount: keepJobsCount, deliveriesMs: keepDeliveries };
  return { keep, tenantConcurrency };
}

function webhookLimits(settings: Settings): WebhookLimits {
  return {
    trustedProxies: settings.trustedProxies,
    maxBodyBytes: settings.webhookMaxBody,
    headerTimeoutMs: settings.webhookHeaderTimeout,
    bodyTimeoutMs: settings.webhookBodyTimeout,
    connectionsPerAddress: settings.webhookConnectionsPerAddress,
    failuresPerMinute: settings.webhookFailuresPerMinute,
  };
}

/** A second start on one data directory: says where the first runs. */
function alreadyRunning(error: unknown, directory: string): unknown {
  if (!(error instanceof ThroughlineError) || error.code !== "TL_DATA_DIRECTORY_IN_USE") return error;
  const first = runningInstances(directory).find(({ addresses }) => addresses["console"] !== undefined);
  if (first === undefined) return error;
  return new ThroughlineError(
    "TL_DATA_DIRECTORY_IN_USE",
    `${directory} is in use: process ${first.pid} already runs on it, its console is ${first.addresses["console"]}.`,
    { cause: error },
  );
}

await createProgram({ startInstance, environment: readEnvironment() }).run(process.argv);
