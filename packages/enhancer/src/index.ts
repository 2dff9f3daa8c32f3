import type { Tracer } from "@opentelemetry/api";
import type { AdminRoute } from "@throughline/api/admin";
import type { Health } from "@throughline/api/health";
import type { Metrics } from "@throughline/api/metrics";
import type { Redactor } from "@throughline/redaction";
import type { Logger } from "pino";
import { adminRoutes } from "./admin/routes.ts";
import { awaitDatabase } from "./database/await-database.ts";
import { deskOpener } from "./desk/open-desk.ts";
import { noteWriterOf } from "./llm/configured-writer.ts";
import type { ModelSettings } from "./llm/writer.ts";
import { deskMetrics, modelMetrics } from "./metrics/calls.ts";
import { budgetMetrics, queueMetrics, workerMetrics } from "./metrics/state.ts";
import { TicketMetrics } from "./metrics/tickets.ts";
import { watchedWriter, watchStore } from "./health.ts";
import { startDeskSync } from "./history/start-desk-sync.ts";
import { storeTickets } from "./history/store-tickets.ts";
import type { WebhookLimits } from "./receive/limits/limits.ts";
import { openRates } from "./receive/rate/open-rates.ts";
import { createWebhookServer, stopWebhookServer } from "./receive/server.ts";
import { startPruning } from "./queue/janitor.ts";
import { queueDefaults, type QueueSettings } from "./queue/open-queue.ts";
import type { JobQueue } from "./queue/queue.ts";
import { type EnhancerStore, openStore } from "./store.ts";
import { startRetention } from "./tenants/retention.ts";
import type { Tenants } from "./tenants/tenants.ts";
import { Worker } from "./work/worker.ts";
import { Drafts } from "./work/drafts.ts";

export { draftsOf, enhancementDetailOf, evaluateNotes } from "./for-commands.ts";
export { keepTicket } from "./work/keep-ticket.ts";
export type { Comparison, NoteFigures } from "./work/evaluate.ts";
export { reportOf } from "./records/report.ts";
export { viewOf as enhancementViewOf } from "./records/view.ts";
export { sign } from "./receive/signature.ts";
export { signVerification, verificationHeader } from "./receive/verification.ts";
export { type Tried, tryMapping } from "./receive/try-mapping.ts";
export type { WebhookLimits } from "./receive/limits/limits.ts";
export { type EnhancerStore, openStore } from "./store.ts";
export type { TenantInfo } from "./tenants/tenants.ts";
export { verificationTenant } from "./tenants/tenant.ts";
export { type RemovalReport, removeTenant } from "./tenants/removal.ts";
export { applyRetention } from "./tenants/retention.ts";
export { newWebhookSecret } from "./tenants/new-secret.ts";
export {
  type AuditEntry,
  listAudit,
  localActor,
  type NewAuditEntry,
  recordAudit,
  verifyAudit,
} from "./tenants/audit.ts";
export { actorOf } from "./admin/actor.ts";
export { Operations } from "./admin/operations.ts";

export interface EnhancerConfig {
  /** Exists, 0700. */
  dataDirectory: string;
  /** `postgres://` URL of business data; undefined: it is kept in the data directory. */
  postgres: string | undefined;
  /** Redis URL of the queue; undefined: it is in the data directory. */
  redis?: string | undefined;
  queue?: QueueSettings;
  /** How often workers read the desks' solutions and assets, milliseconds. */
  deskSyncMs?: number;
  /** Jobs at once in this process. */
  concurrency?: number;
  /** Of one attempt, milliseconds. */
  jobLimitMs?: number;
  /** In place of `tenants.key`; none: the file. */
  tenantsKeys?: readonly Buffer[];
  /** Where webhooks are taken; undefined: this process does not receive. */
  webhook: { host: string; port: number; limits: WebhookLimits } | undefined;
  /** Whether this process takes jobs. */
  worker: boolean;
  /** Asked in this order; none: notes are extractive. */
  models: readonly Pick<ModelSettings, "apiKey" | "baseUrl" | "model">[];
  /** The file of model prices beside the built-in ones, and what it says. */
  prices: { file: string; text: string } | undefined;
  /** false: this process writes no notes. */
  notesOn: boolean;
  /** Base of the links in notes, without a slash at the end. */
  publicUrl: string | undefined;
}

export interface EnhancerDependencies {
  tracer: Tracer;
  /** After how many milliseconds a trace is slow, where a rule says so. */
  slowAfterMs: (traceId: string) => number | undefined;
  /** What is sent to the model goes through it. */
  redactor: Redactor;
  metrics: Metrics;
  /** Learns what the enhancer depends on and how that is. */
  health: Health;
  logger: Logger;
}

export interface Enhancer {
  /** `http://host:port`; undefined where this process does not receive. */
  webhookUrl: string | undefined;
  store: EnhancerStore;
  /** Operations for the admin server. */
  adminRoutes: readonly AdminRoute[];
  /** Refuses new webhooks, lets jobs end for `graceMs`, gives the rest back to the queue. */
  stop(graceMs: number): Promise<void>;
}

/** Once everything else has started. */
const warmAfterMs = 1_000;

/** Starts the enhancer's parts that `config` names: store, then worker, then webhook; stop is the reverse. */
export async function createEnhancer(config: EnhancerConfig, deps: EnhancerDependencies): Promise<Enhancer> {
  const { tracer, logger, slowAfterMs, redactor } = deps;
  const { postgres } = config;
  const {
    redis,
    tenantsKeys = [],
    queue: settings = queueDefaults,
    concurrency = 4,
    jobLimitMs = 120_000,
  } = config;
  const store = await openStore(config.dataDirectory, {
    postgres,
    redis,
    queue: settings,
    logger,
    tenantsKeys,
  });
  const { database, tenants, queue } = store;
  const ending = new AbortController();
  const reached =
    postgres === undefined
      ? undefined
      : awaitDatabase(database, logger, ending.signal).then(() =>
          ending.signal.aborted ? undefined : tellOfWrongKey(tenants, logger),
        );
  const rates = config.webhook === undefined ? undefined : await openRates(redis);
  const stopPruning = startPruning(queue, logger);
  const stopRetention = config.worker ? startRetention(store, settings.keep, logger) : undefined;
  const openDesk = deskOpener({ health: deps.health, observe: deskMetrics(deps.metrics) });
  const stopDeskSync = config.worker
    ? startDeskSync({
        database,
        listTenants: () => tenants.list(),
        findTenant: (id) => tenants.get(id),
        openDesk,
        logger,
        everyMs: config.deskSyncMs ?? 3_600_000,
      })
    : undefined;
  const warming = config.worker
    ? setTimeout(
        () =>
          store.context
            .warm()
            .catch((error: unknown) => logger.debug({ err: error }, "no search was warmed")),
        warmAfterMs,
      ).unref()
    : undefined;
  const close = async () => {
    ending.abort();
    clearTimeout(warming);
    await stopDeskSync?.();
    await stopPruning();
    await stopRetention?.();
    await reached;
    await rates?.close?.();
    await store.close();
  };
  queueMetrics(deps.metrics, () => queue.status());

  const server =
    config.webhook === undefined || rates === undefined
      ? undefined
      : createWebhookServer(
          {
            tenants,
            queue,
            history: { upsert: (tenantId, tickets) => storeTickets(database, tenantId, tickets) },
            rates,
            tracer,
            slowAfterMs,
            metrics: deps.metrics,
            logger,
          },
          config.webhook.limits,
        );
  watchStore(deps.health, store, { postgres: postgres !== undefined });
  const drafts = new Drafts({
    ...store,
    ...config,
    tracer,
    openDesk,
    findTenant: (id) => tenants.get(id),
  });
  const worker = config.worker
    ? new Worker(
        {
          context: store.context,
          queue,
          records: store.records,
          feedback: store.feedback,
          noteSwitch: store.noteSwitch,
          notesOn: config.notesOn,
          tracer,
          logger,
          redactor,
          writer: watchedWriter(
            noteWriterOf(config, store, { tracer, redactor, observe: modelMetrics(deps.metrics) }),
            deps.health,
            config.models.length > 0,
          ),
          findTenant: (id) => tenants.get(id),
          openDesk,
          publicUrl: config.publicUrl,
        },
        {
          concurrency,
          softLimitMs: Math.floor((jobLimitMs * 5) / 6),
          hardLimitMs: jobLimitMs,
        },
        new TicketMetrics(deps.metrics),
      )
    : undefined;

  if (worker !== undefined) {
    workerMetrics(deps.metrics, worker);
    budgetMetrics(deps.metrics, store.spending, () => tenants.list());
  }
  let webhookUrl: string | undefined;
  try {
    if (postgres === undefined) await tenants.checkKey();
    if (worker !== undefined) {
      if (redis === undefined) await queue.reclaimFromDeadProcesses();
      else void reclaim(queue, logger);
      worker.start();
    }
    if (server !== undefined && config.webhook !== undefined)
      webhookUrl = await server.listen({ host: config.webhook.host, port: config.webhook.port });
  } catch (error) {
    await worker?.stop(0);
    await close();
    throw error;
  }

  return {
    webhookUrl,
    store,
    adminRoutes: adminRoutes(queue, tenants, database, { ...store, drafts, publicUrl: config.publicUrl }),
    stop: async (graceMs) => {
      if (server !== undefined) await stopWebhookServer(server);
      await worker?.stop(graceMs);
      await close();
    },
  };
}

/** Redis may be away just now: the worker starts all the same, and leases that nobody reclaims end by themselves. */
async function reclaim(queue: JobQueue, logger: Logger): Promise<void> {
  await queue
    .reclaimFromDeadProcesses()
    .catch((error: unknown) => logger.warn({ err: error }, "leases of dead processes run out by themselves"));
}

/** Where the database came later than the start: webhooks and jobs of such tenants are answered with the same error until the key is right. */
async function tellOfWrongKey(tenants: Tenants, logger: Logger): Promise<void> {
  try {
    await tenants.checkKey();
  } catch (error) {
    logger.error({ err: error }, "tenants' secrets cannot be opened");
  }
}
