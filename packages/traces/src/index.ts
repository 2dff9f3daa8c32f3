import type { FastifyInstance } from "fastify";
import type { Server } from "node:http";
import type { Logger } from "pino";
import { createReadServer } from "./api/server.ts";
import { CountingSink } from "./ingest-metrics.ts";
import type { RedactionSettings } from "./threads/messages.ts";
import { ByteBudget } from "./receive/byte-budget.ts";
import { listenOn } from "./receive/listen.ts";
import { createOtlpGrpcServer } from "./receive/otlp-grpc.ts";
import { createOtlpHttpServer } from "./receive/otlp-http.ts";
import type { Durability } from "./store/live-head.ts";
import { storageOf, storageRoutes } from "./storage.ts";
import { Engine } from "./threads/engine.ts";

export { openTraceStorage, type TraceStorage } from "./storage.ts";

export interface Address {
  host: string;
  /** 0 picks a free port. */
  port: number;
}

export interface TraceBackendConfig {
  /** Holds the write-ahead log and the blocks, and belongs to one backend at a time; made with mode 0700. */
  dataDirectory: string;
  /** When a request is acknowledged: after its spans were synced to the disk, or handed to the operating system. */
  durability: Durability;
  /** Spans are deleted when they were received longer ago. */
  retentionMs: number;
  /** Bytes of all blocks together; over it the oldest spans are deleted. undefined: as much as the disk takes. */
  maxBytes?: number | undefined;
  otlpGrpc: Address;
  otlpHttp: Address;
  console: Address;
  /** Directory of the built console. */
  consoleAssets: string;
  /** Rules beside the built-in ones, as JSON, and the key of keyed tokens (see `@throughline/redaction/rules`). */
  redaction?: RedactionSettings | undefined;
}

export interface TraceBackend {
  /** As bound: gRPC as `host:port`, the others as `http://host:port`. */
  addresses: { otlpGrpc: string; otlpHttp: string; console: string };
  health(): Promise<{ ok: boolean; detail: string }>;
  /** Prometheus' text format; figures of the store are at most a second old. */
  metrics(): string;
  /** Status, cleaning, pinning, erasing: for the admin address. */
  adminRoutes: (server: FastifyInstance) => void;
  /** Answers what is under way, closes every connection within some two seconds, then the store. */
  stop(): Promise<void>;
}

/** Bytes of requests held at once, over all connections. */
const requestBudgetBytes = 256 * 1024 * 1024;
/** How long a stopping server waits for its clients. */
const graceMs = 1_500;

/**
 * Starts the trace backend and resolves when everything is read back and listens. Throws ThroughlineError
 * TL_DATA_DIRECTORY_IN_USE, TL_DATA_DIRECTORY_UNUSABLE, TL_DATA_VERSION_UNKNOWN, or the system's error for an address
 * (`code`, `port`); nothing is left running then.
 */
export async function createTraceBackend(
  config: TraceBackendConfig,
  deps: { logger: Logger },
): Promise<TraceBackend> {
  const { logger } = deps;
  const { dataDirectory: directory, durability, retentionMs, consoleAssets } = config;
  const { maxBytes, redaction } = config;
  const engine = await Engine.start({ directory, durability, retentionMs, maxBytes, redaction }, logger);
  const servers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    try {
      await Promise.all(servers.splice(0).map((stopServer) => stopServer()));
    } finally {
      await engine.stop();
    }
  };
  try {
    const sink = new CountingSink(engine);
    const isHealthy = async (): Promise<boolean> => (await engine.health()).ok;
    const receiver = { sink, isHealthy, budget: new ByteBudget(requestBudgetBytes), logger };

    const readServer = createReadServer({
      reader: engine.reader,
      removed: () => engine.removed(),
      consoleAssets,
      logger,
    });
    servers.push(() => stopReadServer(readServer));
    const console = await readServer.listen(config.console);

    const httpServer = createOtlpHttpServer(receiver);
    servers.push(() => stopHttpServer(httpServer));
    const otlpHttp = await listenOn(httpServer, config.otlpHttp.host, config.otlpHttp.port, (err) =>
      logger.error({ err }, "the OTLP HTTP port cannot accept a connection"),
    );

    const grpcServer = createOtlpGrpcServer(receiver);
    servers.push(() => grpcServer.stop(graceMs));
    const otlpGrpc = await grpcServer.listen(config.otlpGrpc.host, config.otlpGrpc.port);

    return {
      addresses: { otlpGrpc, otlpHttp: `http://${otlpHttp}`, console },
      health: () => engine.health(),
      metrics: () => sink.text(engine.stats()),
      adminRoutes: storageRoutes(storageOf(engine)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopReadServer(server: FastifyInstance): Promise<void> {
  await closing(server.server, server.close());
}

async function stopHttpServer(server: Server): Promise<void> {
  if (!server.listening) return;
  await closing(server, new Promise<void>((resolve) => server.close(() => resolve())));
}

/** Lets requests under way be answered and ends their connections after it; those that last longer are cut. */
async function closing(server: Server, closed: PromiseLike<unknown>): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
