import {
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type sendUnaryData,
  type ServerWritableStream,
  status,
} from "@grpc/grpc-js";
import { type ErrorCode, ThroughlineError } from "@throughline/api/errors";
import { once } from "node:events";
import type { Logger } from "pino";
import type { Gate, Peer, Principal, Scope } from "../../access.ts";
import { encodeStatus, refusal, RetryLaterError } from "../../rpc-status.ts";

const statuses: Partial<Record<ErrorCode, status>> = {
  TL_TOKEN_REQUIRED: status.UNAUTHENTICATED,
  TL_TOKEN_REFUSED: status.UNAUTHENTICATED,
  TL_TOKEN_SCOPE: status.PERMISSION_DENIED,
  TL_PARAMETER_INVALID: status.INVALID_ARGUMENT,
  TL_BODY_UNREADABLE: status.INVALID_ARGUMENT,
  TL_TRACE_NOT_FOUND: status.NOT_FOUND,
  TL_QUERY_TIMEOUT: status.DEADLINE_EXCEEDED,
  TL_QUERY_TOO_WIDE: status.INVALID_ARGUMENT,
  TL_BODY_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  TL_OVERLOADED: status.RESOURCE_EXHAUSTED,
  TL_RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  TL_TRACE_BACKEND_FAILED: status.UNAVAILABLE,
  TL_STORAGE_UNAVAILABLE: status.UNAVAILABLE,
  TL_STORAGE_CANNOT: status.UNIMPLEMENTED,
};

/** How calls are answered: errors of the table by their gRPC status, queries ended when the client goes. */
export class Calls {
  private readonly gate: Gate;
  private readonly logger: Logger;
  private readonly only: { tenant: string | undefined } | undefined;

  /** `only`: refuses who is of another tenant, or of one where these calls are for those of none. */
  constructor(gate: Gate, logger: Logger, only?: { tenant: string | undefined }) {
    this.gate = gate;
    this.logger = logger;
    this.only = only;
  }

  unary<Q, A>(
    answer: (request: Q, signal: AbortSignal, asker: Principal) => Promise<A>,
    scope: Scope = "read",
  ): handleUnaryCall<Q, A> {
    return (call, callback) => {
      const asker = new AbortController();
      call.on("cancelled", () => asker.abort());
      // Resolves either way.
      const outcome = this.admit(call, scope)
        .then((principal) => answer(call.request, asker.signal, principal))
        .then(
          (value) => ({ error: null, value }),
          (error: unknown) => ({ error: this.failure(error, asker.signal), value: null }),
        );
      void tell(outcome, callback);
    };
  }

  /** No more is made than the client takes. */
  stream<Q, A>(
    answer: (request: Q, signal: AbortSignal) => AsyncIterable<A>,
  ): handleServerStreamingCall<Q, A> {
    return (call) => {
      const asker = new AbortController();
      call.on("cancelled", () => asker.abort());
      this.admit(call, "read")
        .then(() => writeAll(call, answer(call.request, asker.signal), asker.signal))
        .then(
          () => call.end(),
          (error: unknown) => {
            if (!asker.signal.aborted) call.emit("error", this.failure(error, asker.signal));
          },
        );
    };
  }

  private async admit(call: Identifiable, scope: Scope): Promise<Principal> {
    const { authorization, peer } = credentialsOf(call);
    const principal = await this.gate.admit(authorization, scope, peer);
    // A token may have become known, or another's, since the call was handed here.
    if (this.only !== undefined && principal.tenant !== this.only.tenant)
      throw new ThroughlineError("TL_TOKEN_REFUSED", "The token has just changed: try again.");
    return principal;
  }

  private failure(error: unknown, signal: AbortSignal): CallFailure {
    if (signal.aborted) return { code: status.CANCELLED, details: "cancelled" };
    if (error instanceof RetryLaterError) return retryLater(error);
    if (error instanceof ThroughlineError)
      return { code: statuses[error.code] ?? status.UNKNOWN, details: `${error.code}: ${error.message}` };
    this.logger.error({ err: error }, "a gRPC query failed");
    return { code: status.INTERNAL, details: "TL_INTERNAL: the request could not be answered" };
  }
}

export type Identifiable = Pick<ServerWritableStream<unknown, unknown>, "metadata" | "getAuthContext">;

/** The token of a call, and the certificate of its connection, if one was verified. */
export function credentialsOf(call: Identifiable): { authorization: string | undefined; peer: Peer } {
  const [authorization] = call.metadata.get("authorization");
  return { authorization: authorization?.toString(), peer: call.getAuthContext().sslPeerCertificate };
}

interface CallFailure {
  code: status;
  details: string;
  metadata?: Metadata;
}

/** With google.rpc.RetryInfo, as OTLP has it. */
function retryLater(error: RetryLaterError): CallFailure {
  const refused = refusal(error);
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from(encodeStatus(refused)));
  return { code: status.RESOURCE_EXHAUSTED, details: refused.message, metadata };
}

async function tell<A>(
  outcome: Promise<{ error: CallFailure | null; value: A | null }>,
  callback: sendUnaryData<A>,
): Promise<void> {
  const { error, value } = await outcome;
  callback(error, value);
}

async function writeAll<Q, A>(
  call: ServerWritableStream<Q, A>,
  messages: AsyncIterable<A>,
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messages) {
    if (signal.aborted) return;
    if (!call.write(message)) await once(call, "drain", { signal });
  }
}
