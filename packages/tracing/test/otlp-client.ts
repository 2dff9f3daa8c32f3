import { createOtlpTransport } from "../src/export/create-transport.ts";
import type { OtlpTransport, OtlpTransportOptions } from "../src/export/transport.ts";
import type { Listening } from "./listen.ts";

/** Servers and transports of one test; `close` ends all of them. */
export class Wire {
  private readonly servers: Listening[] = [];
  private readonly transports: OtlpTransport[] = [];

  async serve<L extends Listening>(server: Promise<L>): Promise<L> {
    const listening = await server;
    this.servers.push(listening);
    return listening;
  }

  /** Without more options: no TLS, no compression, ten seconds for a request. */
  transportTo(
    protocol: OtlpTransportOptions["protocol"],
    { port }: { port: number },
    options: Partial<OtlpTransportOptions> = {},
  ): OtlpTransport {
    const transport = createOtlpTransport({
      protocol,
      endpoint: () => addressOf(protocol, port),
      headers: {},
      compression: "none",
      tls: {},
      requestTimeoutMs: 10_000,
      ...options,
    });
    this.transports.push(transport);
    return transport;
  }

  async close(): Promise<void> {
    await Promise.all(this.transports.splice(0).map((transport) => transport.close()));
    await Promise.all(this.servers.splice(0).map((server) => server.close()));
  }
}

export function addressOf(protocol: OtlpTransportOptions["protocol"], port: number, scheme = "http"): string {
  return `${scheme}://127.0.0.1:${port}${protocol === "grpc" ? "" : "/v1/traces"}`;
}
