import { GrpcError } from "./grpc-answer.ts";
import { GrpcClient } from "./grpc-client.ts";
import { type Attempt, withRetry } from "./retry.ts";
import { MalformedMessage, partialSuccess, readable, retryDelayMs } from "./rpc-status.ts";
import type { OtlpTransport, OtlpTransportOptions, SendOutcome } from "./transport.ts";

const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
/** OTLP specification, "Failures": cancelled, deadline exceeded, aborted, out of range, unavailable, data loss. */
const retryable = new Set([1, 4, 10, 11, 14, 15]);
const resourceExhausted = 8;

/** OTLP over gRPC. */
export class GrpcTransport implements OtlpTransport {
  private readonly options: OtlpTransportOptions;
  private readonly client: GrpcClient;
  private readonly stop = new AbortController();

  constructor(options: OtlpTransportOptions) {
    this.options = options;
    this.client = new GrpcClient(options.tls);
  }

  send(body: Uint8Array, deadlineMs: number): Promise<SendOutcome> {
    return withRetry((leftMs) => this.attempt(body, leftMs), deadlineMs, this.stop.signal);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.client.close();
  }

  private async attempt(body: Uint8Array, leftMs: number): Promise<Attempt> {
    const { endpoint, headers, defaultHeaders, compression, requestTimeoutMs } = this.options;
    try {
      const answer = await this.client.call(endpoint(), path, body, {
        headers: { ...defaultHeaders?.(), ...headers },
        gzip: compression === "gzip",
        timeoutMs: Math.min(leftMs, requestTimeoutMs === 0 ? Number.POSITIVE_INFINITY : requestTimeoutMs),
      });
      return { kind: "taken", ...partialSuccess(answer) };
    } catch (error) {
      if (error instanceof GrpcError) return failure(error);
      if (error instanceof MalformedMessage)
        return { kind: "refused", reason: `the answer is not OTLP: ${error.message}` };
      return { kind: "refused", reason: readable(String(error)) };
    }
  }
}

function failure({ status, message: reason, details }: GrpcError): Attempt {
  const retryAfterMs = details === undefined ? undefined : retryDelayMs(details);
  if (!retryable.has(status) && !(status === resourceExhausted && retryAfterMs !== undefined))
    return { kind: "refused", reason };
  return { kind: "retry", reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}
