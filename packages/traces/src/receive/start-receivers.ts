import { createServer } from "node:net";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { type Gate, openGate } from "../access.ts";
import { Ingest } from "../ingest.ts";
import { openStore } from "../store/open-store.ts";
import type { TraceStore } from "../store/store.ts";
import { listenForSpans } from "./all-receivers.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { GrpcServer } from "./grpc-server.ts";
import { Intake } from "./intake.ts";
import { listenOn } from "../listen.ts";
import { createOtlpGrpcServer } from "./otlp-grpc.ts";
import { createOtlpHttpServer } from "./otlp-http.ts";
import type { SpanSink } from "../sink.ts";
import type { Tls } from "../tls.ts";

export interface Receivers {
  store: TraceStore;
  grpc: GrpcServer;
  /** `http://host:port` of each. */
  grpcUrl: string;
  httpUrl: string;
}

/** For tests: both receivers on free ports before a store of their own, all of which stop when the test ends. */
export async function startReceivers(
  parts: { budgetBytes?: number; sink?: (real: SpanSink) => SpanSink } = {},
): Promise<Receivers> {
  const store = await openStore();
  const ingest = new Ingest(store.heads, Date.now);
  const real: SpanSink = {
    append: (pieces, encoding, from) => ingest.append(Buffer.concat(pieces), encoding, from),
  };
  const options = {
    intake: new Intake({
      sink: parts.sink?.(real) ?? real,
      budget: new ByteBudget(parts.budgetBytes ?? 256 * 1024 * 1024),
      refused: () => undefined,
    }),
    gate: openGate,
    isHealthy: () => Promise.resolve(store.heads.failure === undefined),
    logger: pino({ level: "silent" }),
  };
  const grpc = createOtlpGrpcServer(options);
  const http = createOtlpHttpServer(options);
  const grpcAddress = await grpc.listen("127.0.0.1", 0);
  const httpAddress = await listenOn(http, "127.0.0.1", 0, (error) => {
    throw error;
  });
  onTestFinished(async () => {
    await grpc.stop(0);
    http.closeAllConnections();
    http.close();
  });
  return { store, grpc, grpcUrl: `http://${grpcAddress}`, httpUrl: `http://${httpAddress}` };
}

/** For tests: everything that takes spans, on free ports before a store of its own. */
export async function startAllReceivers(parts: { gate?: Gate; tls?: Tls } = {}) {
  const store = await openStore();
  const ingest = new Ingest(store.heads, Date.now);
  let malformed = 0;
  const sink: SpanSink = {
    append: async (pieces, encoding, from) => {
      const outcome = await ingest.append(Buffer.concat(pieces), encoding, from);
      malformed += outcome.malformed ?? 0;
      return outcome;
    },
  };
  const budget = new ByteBudget(64 * 1024 * 1024);
  let rateLimited = 0;
  const intake = new Intake({ sink, budget, refused: () => rateLimited++ });
  const free = { host: "127.0.0.1", port: 0 };
  const receivers = await listenForSpans(
    {
      otlpGrpc: free,
      otlpHttp: free,
      zipkin: free,
      jaegerThrift: free,
      jaegerCompact: free,
      jaegerBinary: free,
    },
    {
      sink,
      gateOf: () => parts.gate ?? openGate,
      ownGate: parts.gate ?? openGate,
      tls: parts.tls,
      isHealthy: () => Promise.resolve(true),
      intake,
      budget,
      logger: pino({ level: "silent" }),
    },
  );
  onTestFinished(() => receivers.stop());
  return {
    store,
    addresses: receivers.addresses,
    own: receivers.own,
    malformed: () => malformed,
    rateLimited: () => rateLimited,
  };
}

/** A port that something else holds until the test ends. */
export async function takenPort(): Promise<number> {
  const server = createServer();
  const address = await listenOn(server, "127.0.0.1", 0, () => undefined);
  onTestFinished(() => void server.close());
  return Number(address.split(":").at(-1));
}
