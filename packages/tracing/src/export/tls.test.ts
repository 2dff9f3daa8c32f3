import { createServer as createHttpServer } from "node:http";
import { createSecureServer, createServer as createHttp2Server, type Http2SecureServer } from "node:http2";
import { createServer as createHttpsServer, type ServerOptions } from "node:https";
import type { Server } from "node:net";
import { afterEach, beforeAll, expect, test } from "vitest";
import { type Certificates, makeCertificates } from "../../test/certificates.ts";
import { type Listening, listen } from "../../test/listen.ts";
import { addressOf, Wire } from "../../test/otlp-client.ts";
import type { OtlpTransportOptions, SendOutcome } from "./transport.ts";

let made: Certificates;
const wire = new Wire();

beforeAll(() => {
  made = makeCertificates();
});
afterEach(() => wire.close());

type Protocol = "grpc" | "http/protobuf";
const protocols = ["grpc", "http/protobuf"] as const;

function answering<S extends Http2SecureServer | ReturnType<typeof createHttp2Server>>(server: S): S {
  server.on("stream", (stream) => {
    stream.on("error", () => {});
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "grpc-status": "0" },
      { endStream: true },
    );
  });
  return server;
}

function start(server: Server): Promise<Listening> {
  server.on("tlsClientError", () => {});
  return wire.serve(listen(server));
}

function secure(protocol: Protocol, options: ServerOptions): Promise<Listening> {
  return start(
    protocol === "grpc"
      ? answering(createSecureServer(options))
      : createHttpsServer(
          options,
          (request, response) => void request.resume().on("end", () => response.end()),
        ),
  );
}

function send(
  protocol: Protocol,
  server: Listening,
  tls: OtlpTransportOptions["tls"],
  scheme = "https",
): Promise<SendOutcome> {
  const endpoint = () => addressOf(protocol, server.port, scheme);
  return wire
    .transportTo(protocol, server, { endpoint, tls })
    .send(new Uint8Array([10, 0]), Date.now() + 300);
}

function unreachable(code: string, remedy: string): unknown {
  return {
    kind: "unreachable",
    reason: expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:\\d+: ${code}.*: .*${remedy}`)) as string,
  };
}

test.each(protocols)("%s: a receiver whose authority is trusted takes spans", async (protocol) => {
  const server = await secure(protocol, made.server);
  expect(await send(protocol, server, { ca: made.ca })).toMatchObject({ kind: "taken" });
});

test.each(protocols)("%s: a receiver that nobody vouches for gets nothing", async (protocol) => {
  const server = await secure(protocol, made.server);
  expect(await send(protocol, server, {})).toEqual(
    unreachable("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "set OTEL_EXPORTER_OTLP_CERTIFICATE"),
  );
});

test.each(protocols)("%s: nor does one with another's certificate, or an old one", async (protocol) => {
  const strange = await secure(protocol, made.strange);
  expect(await send(protocol, strange, { ca: made.ca })).toEqual(
    unreachable("ERR_TLS_CERT_ALTNAME_INVALID", "for another name"),
  );
  const expired = await secure(protocol, made.expired);
  expect(await send(protocol, expired, { ca: made.ca })).toEqual(
    unreachable("CERT_HAS_EXPIRED", "has expired"),
  );
});

test.each(protocols)(
  "%s: a client certificate is shown where one is wanted, and named where it is missing",
  async (protocol) => {
    const server = await secure(protocol, {
      ...made.server,
      ca: made.ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    expect(await send(protocol, server, { ca: made.ca, ...made.client })).toMatchObject({ kind: "taken" });
    expect(await send(protocol, server, { ca: made.ca })).toEqual(
      unreachable("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"),
    );
  },
);

test.each(protocols)("%s: a key that does not fit its certificate is refused at once", async (protocol) => {
  const server = await secure(protocol, made.server);
  for (const tls of [
    { cert: made.client.cert, key: made.server.key },
    { cert: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key: made.server.key },
  ])
    expect(await send(protocol, server, tls)).toEqual({
      kind: "refused",
      reason: expect.stringContaining("OTEL_EXPORTER_OTLP_CLIENT_KEY") as string,
    });
});

test.each(protocols)("%s: https to a receiver without TLS is named", async (protocol) => {
  const server = await start(protocol === "grpc" ? answering(createHttp2Server()) : createHttpServer());
  expect(await send(protocol, server, { ca: made.ca })).toEqual(unreachable("E", "begins with http://"));
});

test.each(protocols)("%s: http to a receiver with TLS is named", async (protocol) => {
  const server = await secure(protocol, made.server);
  expect(await send(protocol, server, {}, "http")).toEqual(unreachable("", "https://"));
});

test("grpc: an HTTP/1.1 receiver with TLS is named", async () => {
  const server = await secure("http/protobuf", made.server);
  expect(await send("grpc", server, { ca: made.ca })).toEqual(unreachable("E", "does not speak HTTP/2"));
});
