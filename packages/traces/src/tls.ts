import { ThroughlineError } from "@throughline/api/errors";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { createSecureContext, type Server as TlsServer } from "node:tls";
import type { Logger } from "pino";

/** PEM files of a listener. */
export interface TlsFiles {
  /** Its certificate, and those between it and its authority. */
  cert: string;
  key: string;
  /** Authorities of clients: with it, none connects without a certificate of theirs. */
  clientCa: string | undefined;
}

interface Pems {
  cert: string;
  key: string;
  ca?: string;
}

const rereadMs = 2_000;
/** So long a client may take before it has said anything. */
const handshakeMs = 10_000;

/** The certificates of listeners. When their files change, connections that come then get the new ones. */
export class Tls {
  readonly asksForCertificates: boolean;
  private readonly files: TlsFiles;
  private readonly logger: Logger;
  private pems: Pems;
  private refused = "";
  private readonly servers = new Set<Pick<TlsServer, "setSecureContext">>();
  private readonly timer: NodeJS.Timeout;

  /** Throws ThroughlineError TL_SETTING_INVALID where the files are none. */
  constructor(files: TlsFiles, logger: Logger) {
    this.files = files;
    this.logger = logger;
    this.asksForCertificates = files.clientCa !== undefined;
    this.pems = read(files);
    this.timer = setInterval(() => this.reread(), rereadMs).unref();
  }

  /** What makes a server one of TLS. */
  options() {
    return {
      ...this.pems,
      handshakeTimeout: handshakeMs,
      requestCert: this.asksForCertificates,
      rejectUnauthorized: this.asksForCertificates,
    };
  }

  /** When the certificate in use ends, milliseconds since the epoch. */
  expiresAtMs(): number {
    return new X509Certificate(this.pems.cert).validToDate.getTime();
  }

  keep(server: Pick<TlsServer, "setSecureContext">): void {
    this.servers.add(server);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Files that are being written, or wrong, leave the old ones in use. */
  private reread(): void {
    let pems: Pems;
    try {
      pems = read(this.files);
    } catch (err) {
      const reason = String(err);
      if (reason !== this.refused)
        this.logger.error({ err }, "the new certificate cannot be used; the old one stays");
      this.refused = reason;
      return;
    }
    this.refused = "";
    if (pems.cert === this.pems.cert && pems.key === this.pems.key && pems.ca === this.pems.ca) return;
    this.pems = pems;
    for (const server of this.servers) server.setSecureContext(pems);
    this.logger.info({ file: this.files.cert }, "a new certificate is in use");
  }
}

/** Of HTTP/1.1, with TLS where there are certificates. Not listening yet. */
export function newHttpServer(
  settings: { requestTimeout: number; keepAliveTimeout?: number },
  tls: Tls | undefined,
  listener?: RequestListener,
): Server {
  if (tls === undefined) return createServer(settings, listener);
  const server = createSecureServer({ ...settings, ...tls.options() }, listener);
  tls.keep(server);
  return server;
}

function read({ cert, key, clientCa }: TlsFiles): Pems {
  const pems = {
    cert: readPem(cert),
    key: readPem(key),
    ...(clientCa === undefined ? {} : { ca: readPem(clientCa) }),
  };
  try {
    createSecureContext(pems);
    return pems;
  } catch (cause) {
    const files = clientCa === undefined ? `${cert} and ${key}` : `${cert}, ${key} and ${clientCa}`;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `${files} are no certificate and key in PEM that fit: ${why}.`,
      { cause },
    );
  }
}

function readPem(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new ThroughlineError(
      "TL_SETTING_INVALID",
      `The certificate file ${file} cannot be read: ${String(cause)}.`,
      { cause },
    );
  }
}
