import { createServer, type Server, type Socket } from "node:net";
import { createServer as createSecureServer } from "node:tls";
import { listenOn } from "../../listen.ts";
import type { QueryGrpcOptions, QueryGrpcServer } from "./server.ts";

/** How long calls under way may go on once a stop was asked for. */
const graceMs = 1_500;

/**
 * The port of the gRPC query services. Their library takes a third of a second to load: that is done when somebody connects for the first
 * time, not at the start.
 */
export class QueryGrpcListener {
  private readonly options: QueryGrpcOptions;
  private readonly sockets = new Set<Socket>();
  private readonly port: Server;
  private services: Promise<QueryGrpcServer> | undefined;

  constructor(options: QueryGrpcOptions) {
    this.options = options;
    const take = (socket: Socket): void => void this.take(socket);
    const { tls } = options;
    if (tls === undefined) this.port = createServer({ noDelay: true }, take);
    else {
      const port = createSecureServer({ ...tls.options(), noDelay: true, ALPNProtocols: ["h2"] }, take);
      tls.keep(port);
      this.port = port;
    }
  }

  /** Returns `host:port` as bound. Rejects with the system's error, e.g. EADDRINUSE. */
  listen(host: string, port: number): Promise<string> {
    const { logger } = this.options;
    return listenOn(this.port, host, port, (err) =>
      logger.error({ err }, "the port of gRPC queries cannot accept a connection"),
    );
  }

  async stop(): Promise<void> {
    if (!this.port.listening) return;
    const closed = new Promise<void>((resolve) => this.port.close(() => resolve()));
    await (await this.services)?.stop(graceMs);
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private async take(socket: Socket): Promise<void> {
    const { logger } = this.options;
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", (err) => logger.debug({ err }, "a connection of gRPC queries broke"));
    try {
      this.services ??= import("./server.ts").then(
        ({ QueryGrpcServer: Services }) => new Services(this.options),
      );
      const services = await this.services;
      if (!socket.destroyed) services.take(socket);
    } catch (err) {
      logger.error({ err }, "the gRPC query services could not be started");
      socket.destroy();
    }
  }
}
