import { type HttpObserver, observeServer } from "@throughline/api/metrics";
import type { Server } from "node:http";
import type { Logger } from "pino";
import type { Gate } from "../access.ts";
import type { SpanSink } from "../sink.ts";
import type { Tls } from "../tls.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Intake } from "./intake.ts";
import { JaegerUdpReceiver } from "./jaeger-udp.ts";
import { listenOn } from "../listen.ts";
import { createOtlpGrpcServer } from "./otlp-grpc.ts";
import { createOtlpHttpServer } from "./otlp-http.ts";
import { createJaegerThriftServer, createZipkinServer } from "./span-http.ts";

export interface Address {
  host: string;
  /** 0 picks a free port. */
  port: number;
}

export interface ReceiverAddresses<A> {
  otlpGrpc: A;
  otlpHttp: A;
  zipkin: A;
  jaegerThrift: A;
  jaegerCompact: A;
  jaegerBinary: A;
}

export interface ReceiverOptions {
  sink: SpanSink;
  /** What takes requests of senders that are known. */
  intake: Intake;
  /** The door of a listener on this host. */
  gateOf: (host: string) => Gate;
  isHealthy: () => Promise<boolean>;
  budget: ByteBudget;
  /** For everything but datagrams. */
  tls?: Tls | undefined;
  /** Origins of web pages that may send. */
  corsOrigins?: readonly string[];
  /** The door of what listens beside TLS for the product's own processes, on loopback. */
  ownGate: Gate;
  /** Who hears of each answer over HTTP. */
  observerOf?: ((listener: string) => HttpObserver) | undefined;
  logger: Logger;
}

/** The paths that are served, by the names of their listeners in metrics. */
const routes = {
  otlp: ["/v1/traces", "/v1/logs", "/v1/metrics", "/readiness"],
  zipkin: ["/api/v2/spans", "/api/v1/spans"],
  thrift: ["/api/traces"],
} as const;

export interface Receivers {
  /** As bound: HTTP ones as `http://host:port` or `https://...`, the others as `host:port`. */
  addresses: ReceiverAddresses<string>;
  /** Without TLS, on loopback, where `addresses` have it: for processes on this data directory, by their own tokens. */
  own: { otlpGrpc?: string; otlpHttp?: string };
  /** Datagrams that were thrown away because there was no room, or no disk. */
  lostDatagrams(): number;
  stop(): Promise<void>;
}

/** How long a stopping server waits for its clients. */
const graceMs = 1_500;

/** Everything that takes spans. Rejects with the system's error for an address (`code`, `port`); nothing listens then. */
export async function listenForSpans(
  at: ReceiverAddresses<Address>,
  options: ReceiverOptions,
): Promise<Receivers> {
  const { sink, budget, logger } = options;
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(stops.splice(0).map((stopOne) => stopOne()));
  };
  const { gateOf, tls, ownGate, observerOf } = options;
  const http = async (
    listener: keyof typeof routes,
    server: Server,
    { host, port }: Address,
    scheme: string,
  ): Promise<string> => {
    if (observerOf !== undefined) observeServer(server, routes[listener], observerOf(listener));
    stops.push(() => stopHttpServer(server));
    const bound = await listenOn(server, host, port, (err) =>
      logger.error({ err }, "a port for spans cannot accept a connection"),
    );
    return `${scheme}://${bound}`;
  };
  const scheme = tls === undefined ? "http" : "https";
  const gated = ({ host }: Address) => ({ ...options, gate: gateOf(host) });
  const grpc = createOtlpGrpcServer({
    intake: options.intake,
    logger,
    isHealthy: options.isHealthy,
    gate: gateOf(at.otlpGrpc.host),
    tls,
  });
  const compact = new JaegerUdpReceiver({ sink, budget, logger, encoding: "jaeger-compact-datagrams" });
  const binary = new JaegerUdpReceiver({ sink, budget, logger, encoding: "jaeger-binary-datagrams" });
  try {
    stops.push(
      () => grpc.stop(graceMs),
      () => compact.stop(),
      () => binary.stop(),
    );
    const addresses = {
      otlpHttp: await http("otlp", createOtlpHttpServer(gated(at.otlpHttp)), at.otlpHttp, scheme),
      otlpGrpc: await grpc.listen(at.otlpGrpc.host, at.otlpGrpc.port),
      zipkin: await http("zipkin", createZipkinServer(gated(at.zipkin)), at.zipkin, scheme),
      jaegerThrift: await http(
        "thrift",
        createJaegerThriftServer(gated(at.jaegerThrift)),
        at.jaegerThrift,
        scheme,
      ),
      jaegerCompact: await compact.listen(at.jaegerCompact.host, at.jaegerCompact.port),
      jaegerBinary: await binary.listen(at.jaegerBinary.host, at.jaegerBinary.port),
    };
    const own: Receivers["own"] = {};
    if (tls !== undefined) {
      const plain = { ...options, tls: undefined, gate: ownGate };
      const ownGrpc = createOtlpGrpcServer(plain);
      stops.push(() => ownGrpc.stop(graceMs));
      own.otlpGrpc = await ownGrpc.listen("127.0.0.1", 0);
      own.otlpHttp = await http("otlp", createOtlpHttpServer(plain), { host: "127.0.0.1", port: 0 }, "http");
    }
    return { addresses, own, stop, lostDatagrams: () => compact.lostDatagrams + binary.lostDatagrams };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopHttpServer(server: Server): Promise<void> {
  if (!server.listening) return;
  await closing(server, new Promise<void>((resolve) => server.close(() => resolve())));
}

/** Lets requests under way be answered and ends their connections after it; those that last longer are cut. */
export async function closing(server: Server, closed: PromiseLike<unknown>): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(cut);
}
