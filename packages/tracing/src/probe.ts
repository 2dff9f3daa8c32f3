import { connect as connectTls } from "node:tls";
import type { OtlpConfig } from "./config/otlp.ts";
import { createOtlpTransport } from "./export/create-transport.ts";

/** A place where spans may be taken, and how they are spoken of there. */
export interface OtlpPlace {
  /** `http(s)://host:port`, for HTTP with its path. */
  endpoint: string;
  protocol: OtlpConfig["protocol"];
}

export interface OtlpProbe extends OtlpPlace {
  /** Whether an empty export was taken, by whoever really speaks OTLP there. */
  taken: boolean;
  /** The receiver's words, or why there are none. */
  reason: string;
  /** Where, or how, the same host takes OTLP instead, in words that name the variables. */
  instead: string | undefined;
}

const timeoutMs = 2_500;
/** For where it could be instead: what is there answers soon. */
const elsewhereMs = 1_000;
const handshakeMs = 1_500;

/**
 * Sends an export without spans as this process's exporter would: protocol, TLS and headers are those of the configuration. Where it is
 * not taken, looks whether the same place speaks the other protocol or TLS, and whether one of `others` takes it.
 */
export async function probeOtlp(
  config: OtlpConfig,
  place: OtlpPlace,
  defaultHeaders: Readonly<Record<string, string>>,
  others: readonly OtlpPlace[],
): Promise<OtlpProbe> {
  const ask = async (at: OtlpPlace, patienceMs = elsewhereMs) => {
    const transport = createOtlpTransport({
      protocol: at.protocol,
      endpoint: () => at.endpoint,
      headers: config.headers,
      defaultHeaders: () => defaultHeaders,
      compression: "none",
      tls: config.tls,
      requestTimeoutMs: patienceMs,
    });
    // An exporter must not keep a process that wants to end; who asks here wants the answer.
    const alive = setInterval(() => {}, patienceMs);
    try {
      // Every message of OTLP may be empty: zero bytes, or an empty object in JSON.
      const body = at.protocol === "http/json" ? Buffer.from("{}") : Buffer.alloc(0);
      return await transport.send(body, Date.now() + patienceMs);
    } finally {
      await transport.close();
      clearInterval(alive);
    }
  };
  const outcome = await ask(place, timeoutMs);
  if (outcome.kind === "taken") return { ...place, taken: true, reason: outcome.message, instead: undefined };
  return { ...place, taken: false, reason: outcome.reason, instead: await whatInstead() };

  async function whatInstead(): Promise<string | undefined> {
    const url = new URL(place.endpoint);
    const other = otherProtocol(place);
    if ((await ask(other)).kind === "taken")
      return place.protocol === "grpc"
        ? `${url.host} takes OTLP over HTTP, not gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or the port of gRPC (4317)`
        : `${url.host} takes OTLP over gRPC, not HTTP: set OTEL_EXPORTER_OTLP_PROTOCOL=grpc, or the port of HTTP (4318)`;
    if (url.protocol === "http:" && (await speaksTls(url)))
      return `${url.host} speaks TLS: the endpoint must begin with https://`;
    if (url.protocol === "https:") {
      const plain = { ...place, endpoint: place.endpoint.replace(/^https:/, "http:") };
      if ((await ask(plain)).kind === "taken" || (await ask(otherProtocol(plain))).kind === "taken")
        return `${url.host} speaks no TLS: the endpoint must begin with http://`;
    }
    for (const one of others.filter(({ endpoint }) => endpoint !== place.endpoint)) {
      if ((await ask(one)).kind === "taken")
        return `${new URL(one.endpoint).host} takes OTLP over ${one.protocol === "grpc" ? "gRPC" : "HTTP"}: OTEL_EXPORTER_OTLP_ENDPOINT names the wrong port`;
    }
    return undefined;
  }
}

function otherProtocol({ endpoint, protocol }: OtlpPlace): OtlpPlace {
  const { origin } = new URL(endpoint);
  return protocol === "grpc"
    ? { endpoint: `${origin}/v1/traces`, protocol: "http/protobuf" }
    : { endpoint: origin, protocol: "grpc" };
}

function speaksTls({ hostname, port }: URL): Promise<boolean> {
  return new Promise((resolve) => {
    // Whether there is TLS is the question, not whose it is: nothing is sent over this connection.
    const socket = connectTls({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || 80,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
      timeout: handshakeMs,
    });
    const end = (answer: boolean) => {
      resolve(answer);
      socket.destroy();
    };
    socket.once("secureConnect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
