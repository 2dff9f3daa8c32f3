const remedies: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "set OTEL_EXPORTER_OTLP_CERTIFICATE to the certificate that is to be trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "set OTEL_EXPORTER_OTLP_CERTIFICATE to the authority that is to be trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "set OTEL_EXPORTER_OTLP_CERTIFICATE to the authority that is to be trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    "set OTEL_EXPORTER_OTLP_CERTIFICATE to the authority that is to be trusted",
  CERT_HAS_EXPIRED: "the receiver's certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "the receiver's certificate is for another name",
  ERR_SSL_WRONG_VERSION_NUMBER: "the receiver does not speak TLS here: use http://",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "the receiver does not speak TLS here: use http://",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    "the receiver wants a client certificate: OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and _CLIENT_KEY",
  ERR_HTTP2_ERROR: "the receiver does not speak HTTP/2 without TLS here: https://, or another protocol",
};

/** A connection that failed, in one line: the system's code, and what to set where that is known. */
export function explainConnection(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return message;
  const remedy = remedies[code];
  const said = message.includes(code) ? message : `${code} ${message}`;
  return (remedy === undefined ? said : `${code}: ${remedy}`).slice(0, 300);
}
