import { readable } from "./rpc-status.ts";

const trust = "set OTEL_EXPORTER_OTLP_CERTIFICATE to a file with the authority that is to be trusted";
const noTls = "the receiver does not speak TLS here: the endpoint begins with http://";
const clientCertificate =
  "the receiver wants another client certificate: set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY";
const notHttp =
  "the receiver does not speak HTTP/1.1 here: https:// if it speaks TLS, OTEL_EXPORTER_OTLP_PROTOCOL=grpc if this is its gRPC port";
const notHttp2 =
  "the receiver does not speak HTTP/2 here: https:// if it speaks TLS, OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf if this is its HTTP port";

/** For a connection that was closed before an answer came, which is all that some receivers say to a client without TLS. */
export const closedEarly =
  "the connection was closed; if the receiver speaks TLS, the endpoint begins with https://";

/** What to do, by the beginning of the system's code. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [/^(?:DEPTH_ZERO_)?SELF_SIGNED_CERT|^UNABLE_TO_(?:VERIFY|GET)/, trust],
  [/^CERT_HAS_EXPIRED/, "the receiver's certificate has expired"],
  [/^ERR_TLS_CERT_ALTNAME_INVALID/, "the receiver's certificate is for another name"],
  [/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)|^EPROTO/, noTls],
  [/^ERR_SSL_.*ALERT_(?:CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/, clientCertificate],
  [/^ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL|^ERR_HTTP2_ERROR/, notHttp2],
  [/^HPE_/, notHttp],
  [/^ECONNRESET|^EPIPE/, closedEarly],
  [
    /^ERR_OSSL/,
    "the PEM text of OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE, OTEL_EXPORTER_OTLP_CLIENT_KEY or OTEL_EXPORTER_OTLP_CERTIFICATE cannot be used",
  ],
];

/** A connection that failed, in one line: the system's code, what to set where that is known, or what the system says. */
export function explainConnection(error: unknown): string {
  if (!(error instanceof Error)) return readable(String(error));
  // Where a name has several addresses, each attempt failed in its own way; a stream ends because its connection did.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  if (inner instanceof Error) return explainConnection(inner);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return readable(message);
  const remedy = remedies.find(([pattern]) => pattern.test(code))?.[1];
  if (remedy !== undefined) return readable(`${code}: ${remedy}`);
  return readable(message.includes(code) ? message : `${code}: ${message}`);
}

/** A request that cannot be made at all, now or later: its address, a header or a certificate is malformed. */
export function isUnsendable(error: unknown): boolean {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? "") : "";
  return /^ERR_(?:INVALID_|UNESCAPED_|HTTP_INVALID_|HTTP2_INVALID_|HTTP2_UNSUPPORTED_PROTOCOL|OSSL_)/.test(
    code,
  );
}

/** Host and port of an endpoint, for messages: what else stands there may be secret. */
export function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).host : "the endpoint";
}
