import type { SystemStatus } from "@throughline/api";
import { ThroughlineError } from "@throughline/api/errors";
import { httpMetrics, type Metrics } from "@throughline/api/metrics";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import {
  type Access,
  type AccessMode,
  asksForToken,
  Gate,
  isLoopbackHost,
  type Logins,
  type Scope,
} from "./access.ts";
import { Tls, type TlsFiles } from "./tls.ts";
import type { AdminHandler } from "./api/admin-path.ts";
import { QueryGrpcListener } from "./api/grpc/listener.ts";
import { checkJaegerUi, type JaegerUi } from "./api/jaeger-ui.ts";
import { createReadServer, type ReadServerDependencies } from "./api/server.ts";
import { decodeUploaded } from "./ingest.ts";
import { IngestHistory } from "./ingest-history.ts";
import { CountingSink } from "./ingest-metrics.ts";
import { certificateMetrics, readerMeter, storeMetrics } from "./store-metrics.ts";
import type { RedactionSettings } from "./threads/messages.ts";
import { ByteBudget } from "./receive/byte-budget.ts";
import { Intake } from "./receive/intake.ts";
import {
  type Address,
  closing,
  listenForSpans,
  type ReceiverAddresses,
  type Receivers,
} from "./receive/all-receivers.ts";
import type { Durability } from "./store/live-head.ts";
import type { RemovedSpans, SpanReader } from "./query/reader.ts";
import type { RemoteAddress } from "./remote/client.ts";
import type { SpanSink } from "./sink.ts";
import { recordedChanges, type StorageChange } from "./recorded-changes.ts";
import { storageOf, storageRoutes, type TraceStorage } from "./storage.ts";
import { Engine, type EngineStats } from "./threads/engine.ts";

export type { Access, Logins, Principal } from "./access.ts";
export type { AdminHandler } from "./api/admin-path.ts";
export type { StorageChange } from "./recorded-changes.ts";
export type { TlsFiles } from "./tls.ts";
export { copyTraceStore } from "./store/copy.ts";
export { openTraceStorage, type TraceStorage } from "./storage.ts";

export interface TraceBackendConfig extends ReceiverAddresses<Address> {
  /** Holds the write-ahead log and the blocks, and belongs to one backend at a time; made with mode 0700. */
  dataDirectory: string;
  /** When a request is acknowledged: after its spans were synced to the disk, or handed to the operating system. */
  durability: Durability;
  /** Spans are deleted when they were received longer ago. */
  retentionMs: number;
  /** Bytes of all blocks together; over it the oldest spans are deleted. undefined: as much as the disk takes. */
  maxBytes?: number | undefined;
  /** Where a token is required of senders. */
  accessMode: AccessMode;
  /** And of readers; as of senders unless given. */
  readAccessMode?: AccessMode;
  /** Origins of web pages that may send spans over HTTP, `https://app.example`, or `*`. */
  corsOrigins?: readonly string[];
  /** Of what takes spans, except datagrams. */
  tls?: TlsFiles | undefined;
  /** Of the console and the gRPC query services. */
  consoleTls?: TlsFiles | undefined;
  console: Address;
  /** Jaeger's query and storage services over gRPC. */
  queryGrpc: Address;
  /** Directory of the built console. */
  consoleAssets: string;
  /** Pages of others below `/feedback/` and `/auth/`, at the console's address. */
  pages?: ((server: FastifyInstance) => void) | undefined;
  /** Where people reach the console, through a proxy that may call it otherwise. */
  publicUrl?: string | undefined;
  /** Below `/admin/api/` of the console's address. */
  adminApi?: AdminHandler | undefined;
  /** In place of the console. */
  jaegerUi?: JaegerUi | undefined;
  /** In place of the data directory: where spans are kept by jaeger.storage.v2. */
  remote?: RemoteAddress | undefined;
  /** Rules beside the built-in ones, as JSON, and the key of keyed tokens (see `@throughline/redaction/rules`). */
  redaction?: RedactionSettings | undefined;
}

export interface TraceBackend {
  /** As bound: HTTP ones as `http://host:port` or `https://...`, gRPC and UDP as `host:port`. */
  addresses: ReceiverAddresses<string> & { console: string; queryGrpc: string };
  /** Of parts that listen with TLS: where the product's own processes reach them without, on loopback, by their tokens. */
  own: { otlpGrpc?: string; otlpHttp?: string; console?: string };
  health(): Promise<{ ok: boolean; detail: string }>;
  /** Status, cleaning, pinning, erasing: for the admin address. */
  adminRoutes: (server: FastifyInstance) => void;
  /** Answers what is under way, closes every connection within some two seconds, then the store. */
  stop(): Promise<void>;
}

/** Bytes of requests held at once, over all connections. */
const requestBudgetBytes = 256 * 1024 * 1024;
/**
 * Starts the trace backend and resolves when everything is read back and listens. Throws ThroughlineError
 * TL_DATA_DIRECTORY_IN_USE, TL_DATA_DIRECTORY_UNUSABLE, TL_DATA_VERSION_UNKNOWN, or the system's error for an address
 * (`code`, `port`); nothing is left running then.
 */
export async function createTraceBackend(
  config: TraceBackendConfig,
  deps: {
    logger: Logger;
    access: Access;
    logins?: Logins | undefined;
    metrics: Metrics;
    /** Hears of what readers have changed, for the audit log. */
    record?: (change: StorageChange) => Promise<void>;
    /** Of the process that it runs in, for the console. */
    process: () => Promise<Pick<SystemStatus, "process" | "health">>;
  },
): Promise<TraceBackend> {
  const { logger, access } = deps;
  const gateOf = (mode: AccessMode, host: string, scopes: readonly Scope[]): Gate =>
    new Gate(access, asksForToken(mode, host), scopes);
  const readMode = config.readAccessMode ?? config.accessMode;
  const ownGate = new Gate(access, true);
  refuseOpenDatagrams(config);
  if (config.jaegerUi !== undefined) checkJaegerUi(config.jaegerUi);
  const tls = config.tls === undefined ? undefined : new Tls(config.tls, logger);
  const consoleTls = config.consoleTls === undefined ? undefined : new Tls(config.consoleTls, logger);
  const { dataDirectory: directory, durability, retentionMs, consoleAssets } = config;
  const { maxBytes, redaction } = config;
  const {
    sink: storing,
    reader: unmeasured,
    readerOf,
    storage,
    stats,
    ...store
  } = config.remote === undefined
    ? localStore(await Engine.start({ directory, durability, retentionMs, maxBytes, redaction }, logger))
    : await remoteStore(config.remote, redaction, logger);
  const measured = readerMeter(deps.metrics);
  const reader = measured(unmeasured);
  const readerOfTenant = (tenant: string): SpanReader => measured(readerOf(tenant));
  let receivers: Receivers | undefined;
  const readServers: FastifyInstance[] = [];
  let queryGrpc: QueryGrpcListener | undefined;
  let history: IngestHistory | undefined;
  const stop = async (): Promise<void> => {
    try {
      await Promise.all([
        receivers?.stop(),
        queryGrpc?.stop(),
        ...readServers.map((server) => closing(server.server, server.close())),
      ]);
    } finally {
      history?.stop();
      tls?.stop();
      consoleTls?.stop();
      await store.stop();
    }
  };
  try {
    const sink = new CountingSink(storing, deps.metrics);
    const budget = new ByteBudget(requestBudgetBytes);
    const intake = new Intake({ sink, budget, refused: (sender) => sink.rateLimited(sender) });
    const ingested = new IngestHistory(() => sink.received(receivers?.lostDatagrams() ?? 0));
    history = ingested;
    const system = async (): Promise<SystemStatus> => ({
      ...(await deps.process()),
      storage: config.remote === undefined ? await storage.status() : null,
      retention: {
        ageMs: config.remote === undefined && Number.isFinite(retentionMs) ? retentionMs : null,
        bytes: maxBytes ?? null,
      },
      ingest: ingested.status(),
    });
    const { pin, erase } = recordedChanges(storage, deps.record);
    const isHealthy = async (): Promise<boolean> => (await store.health()).ok;
    const reads: Omit<ReadServerDependencies, "gate"> = {
      reader,
      readerOf: readerOfTenant,
      pin,
      erase,
      decodeJson: decodeUploaded,
      removed: () => store.removed(),
      system,
      consoleAssets,
      pages: config.pages,
      logins: deps.logins,
      publicUrl: config.publicUrl,
      adminApi: config.adminApi,
      jaegerUi: config.jaegerUi,
      observe: httpMetrics(deps.metrics, "console"),
      logger,
    };
    const listenForReaders = (gate: Gate, at: Address, secured?: Tls): Promise<string> => {
      const server = createReadServer({ ...reads, gate, tls: secured });
      readServers.push(server);
      return server.listen(at);
    };
    const readGate = gateOf(readMode, config.console.host, ["read", "write"]);
    const bound = await listenForReaders(readGate, config.console, consoleTls);
    const console = consoleTls === undefined ? bound : bound.replace(/^http:/, "https:");
    const ownConsole =
      consoleTls === undefined
        ? {}
        : { console: await listenForReaders(ownGate, { host: "127.0.0.1", port: 0 }) };
    queryGrpc = new QueryGrpcListener({
      gate: gateOf(readMode, config.queryGrpc.host, ["read", "write", "ingest"]),
      tls: consoleTls,
      reader,
      readerOf: readerOfTenant,
      removed: () => store.removed(),
      pin,
      append: (sender, bytes) => intake.take(sender, bytes, "protobuf"),
      logger,
    });
    const queries = await queryGrpc.listen(config.queryGrpc.host, config.queryGrpc.port);
    const taking = await listenForSpans(config, {
      sink,
      intake,
      gateOf: (host) => gateOf(config.accessMode, host, ["ingest"]),
      ownGate,
      tls,
      corsOrigins: config.corsOrigins ?? [],
      isHealthy,
      budget,
      observerOf: (listener) => httpMetrics(deps.metrics, listener),
      logger,
    });
    receivers = taking;
    deps.metrics.counted(
      "throughline_traces_datagrams_lost_total",
      "Datagrams for which there was no room.",
      [],
      () => [[[], taking.lostDatagrams()]],
    );
    certificateMetrics(deps.metrics, { console: consoleTls, spans: tls });
    if (stats !== undefined)
      storeMetrics(deps.metrics, stats, {
        promisedMs: retentionMs,
        removedUntilMs: () => store.removed()?.receivedLastMs,
      });
    return {
      addresses: { ...taking.addresses, console, queryGrpc: queries },
      own: { ...taking.own, ...ownConsole },
      health: () => store.health(),
      adminRoutes: storageRoutes(storage),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where spans are kept, as the backend uses it. */
interface Store {
  sink: SpanSink;
  reader: SpanReader;
  /** What a tenant may see. */
  readerOf: (tenant: string) => SpanReader;
  storage: TraceStorage;
  removed: () => RemovedSpans | null;
  /** undefined where others count. */
  stats: (() => EngineStats) | undefined;
  health: () => Promise<{ ok: boolean; detail: string }>;
  stop: () => Promise<void>;
}

function localStore(engine: Engine): Store {
  return {
    sink: engine,
    reader: engine.reader,
    readerOf: (tenant) => engine.readerOf(tenant),
    storage: storageOf(engine),
    removed: () => engine.removed(),
    stats: () => engine.stats(),
    health: () => engine.health(),
    stop: () => engine.stop(),
  };
}

async function remoteStore(
  address: RemoteAddress,
  redaction: RedactionSettings | undefined,
  logger: Logger,
): Promise<Store> {
  // The client's library takes a third of a second to load.
  const { RemoteStore } = await import("./remote/remote-store.ts");
  const remote = new RemoteStore(address, redaction, logger);
  return {
    sink: remote,
    reader: remote.reader,
    readerOf: (tenant) => remote.readerOf(tenant),
    storage: remote.storage,
    removed: () => null,
    stats: undefined,
    health: () => remote.health(),
    stop: () => remote.stop(),
  };
}

/** A datagram carries no token: whoever reaches the port may send. */
function refuseOpenDatagrams({ accessMode, ...at }: TraceBackendConfig): void {
  if (accessMode === "open") return;
  for (const name of ["jaegerCompact", "jaegerBinary"] as const) {
    if (isLoopbackHost(at[name].host)) continue;
    const flag = name === "jaegerCompact" ? "--jaeger-compact" : "--jaeger-binary";
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `${flag} is ${at[name].host}:${at[name].port}: datagrams carry no token, so they are taken from this machine only, unless --access is open.`,
    );
  }
}
