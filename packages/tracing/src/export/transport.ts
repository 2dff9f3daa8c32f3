/** PEM texts: who is trusted (the system's authorities where that is not set), and who we are. */
export interface ClientTls {
  ca?: string;
  cert?: string;
  key?: string;
}

export interface OtlpTransportOptions {
  protocol: "grpc" | "http/protobuf" | "http/json";
  /** Asked before each request, so that a receiver that moved is found again. For HTTP the whole address, path included. */
  endpoint: () => string;
  /** Sent with each request; they hold credentials. */
  headers: Readonly<Record<string, string>>;
  /** Asked before each request; `headers` win. */
  defaultHeaders?: (() => Readonly<Record<string, string>>) | undefined;
  compression: "none" | "gzip";
  tls: ClientTls;
  /** Milliseconds for one request; 0: no limit. */
  requestTimeoutMs: number;
}

export type SendOutcome =
  /** All of it, or all but `rejected` spans; `message` is the receiver's warning or empty. */
  | { kind: "taken"; rejected: number; message: string }
  /** Final: sending it again would not help. */
  | { kind: "refused"; reason: string }
  /** It might be taken later, but the time was up. */
  | { kind: "unreachable"; reason: string };

/** Sends encoded requests to an OTLP receiver, one after the other. */
export interface OtlpTransport {
  /** Tries until it is taken or refused or `deadlineMs` (epoch) passes. Never rejects. */
  send(body: Uint8Array, deadlineMs: number): Promise<SendOutcome>;
  /** Ends a retry that waits, lets go of the connection. */
  close(): Promise<void>;
}
