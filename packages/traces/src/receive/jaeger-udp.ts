/** Jaeger's Thrift over UDP, as its clients send it to an agent on their host: compact on 6831, binary on 6832. Nothing is ever answered. */
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Logger } from "pino";
import { anySender, type SpanEncoding, type SpanSink } from "../sink.ts";
import type { ByteBudget } from "./byte-budget.ts";

/** Datagrams are handed on together: after so long, or so many bytes. */
const gatherMs = 5;
const gatherBytes = 256 * 1024;
/** Datagrams say nothing of who sent them. */
const sender = "datagrams";
/** Asked of the system, which may give less. */
const socketBytes = 8 * 1024 * 1024;

export interface JaegerUdpOptions {
  sink: SpanSink;
  budget: ByteBudget;
  logger: Logger;
  encoding: Extract<SpanEncoding, "jaeger-compact-datagrams" | "jaeger-binary-datagrams">;
}

export class JaegerUdpReceiver {
  private readonly options: JaegerUdpOptions;
  private socket: Socket | undefined;
  private gathered: Buffer[] = [];
  private bytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private underWay = new Set<Promise<void>>();
  private lost = 0;

  constructor(options: JaegerUdpOptions) {
    this.options = options;
  }

  /** Datagrams that were thrown away because there was no room, or no disk. */
  get lostDatagrams(): number {
    return this.lost;
  }

  /** Returns `host:port` as bound. Rejects with the system's error, e.g. EADDRINUSE. */
  async listen(host: string, port: number): Promise<string> {
    const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", recvBufferSize: socketBytes });
    this.socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, host, () => {
        socket.off("error", reject);
        resolve();
      });
    });
    socket.on("error", (err) => this.options.logger.error({ err }, "the port of Jaeger datagrams failed"));
    socket.on("message", (datagram) => this.gather(datagram));
    const bound = socket.address();
    return bound.family === "IPv6" ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
  }

  /** Resolves when what came in is stored. */
  async stop(): Promise<void> {
    const { socket } = this;
    if (socket === undefined) return;
    this.socket = undefined;
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    this.handOn();
    await Promise.all(this.underWay);
  }

  private gather(datagram: Buffer): void {
    if (!this.options.budget.take(sender, datagram.length + 4)) {
      this.lost++;
      return;
    }
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(datagram.length);
    this.gathered.push(length, datagram);
    this.bytes += datagram.length + 4;
    if (this.bytes >= gatherBytes) this.handOn();
    else this.timer ??= setTimeout(() => this.handOn(), gatherMs);
  }

  private handOn(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { gathered, bytes } = this;
    if (gathered.length === 0) return;
    this.gathered = [];
    this.bytes = 0;
    const stored = this.store(gathered).finally(() => {
      this.options.budget.give(sender, bytes);
      this.underWay.delete(stored);
    });
    this.underWay.add(stored);
  }

  private async store(datagrams: readonly Buffer[]): Promise<void> {
    try {
      await this.options.sink.append(datagrams, this.options.encoding, anySender);
    } catch (err) {
      // Nobody waits for an answer: what cannot be stored is lost, and counted.
      this.lost += datagrams.length / 2;
      this.options.logger.warn(
        { err, datagrams: datagrams.length / 2 },
        "Jaeger datagrams could not be stored",
      );
    }
  }
}
