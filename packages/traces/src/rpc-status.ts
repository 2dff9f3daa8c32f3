import { type ErrorCode, errorTable, ThroughlineError } from "@throughline/api/errors";
import { MalformedProtobufError } from "./decode/protobuf-reader.ts";
import { ProtobufWriter } from "./decode/protobuf-writer.ts";

/** gRPC's status codes, as far as the receivers answer with them. */
export const grpcCode = {
  ok: 0,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;
type GrpcCode = (typeof grpcCode)[keyof typeof grpcCode];

const codes: ReadonlyMap<ErrorCode, GrpcCode> = new Map([
  ["TL_BODY_UNREADABLE", grpcCode.invalidArgument],
  ["TL_BODY_TOO_LARGE", grpcCode.resourceExhausted],
  ["TL_OVERLOADED", grpcCode.resourceExhausted],
  ["TL_RATE_LIMITED", grpcCode.resourceExhausted],
  ["TL_TRACE_BACKEND_FAILED", grpcCode.unavailable],
  ["TL_STORAGE_UNAVAILABLE", grpcCode.unavailable],
  ["TL_TOKEN_REQUIRED", grpcCode.unauthenticated],
  ["TL_TOKEN_REFUSED", grpcCode.unauthenticated],
  ["TL_TOKEN_SCOPE", grpcCode.permissionDenied],
  ["TL_HOST_REFUSED", grpcCode.permissionDenied],
]);

/** Seconds after which a sender may try again when there was no room or no disk. */
const retryAfterSeconds = 1;

/** How a refusal is told to a sender, by gRPC and by HTTP (OTLP 1.11, "Failures"). */
export interface Refusal {
  code: GrpcCode;
  httpStatus: number;
  message: string;
  /** Only where sending the same again can help. */
  retryAfterSeconds?: number;
}

/** The same request may be sent again, after so long. */
export class RetryLaterError extends ThroughlineError {
  readonly retryAfterSeconds: number;

  constructor(code: "TL_OVERLOADED" | "TL_RATE_LIMITED", message: string, afterSeconds: number) {
    super(code, message);
    this.retryAfterSeconds = afterSeconds;
  }
}

/** A request that ends with a refusal of the protocol's own. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Too many bytes are held already. */
export function overloaded(): RetryLaterError {
  return new RetryLaterError(
    "TL_OVERLOADED",
    "too many bytes are being received at this moment; send again later",
    retryAfterSeconds,
  );
}

/** The sender is over the limits of its token for so many seconds. */
export function rateLimited(sender: string, seconds: number): RetryLaterError {
  return new RetryLaterError(
    "TL_RATE_LIMITED",
    `the token "${sender}" has sent as much as it may; send again later`,
    Math.ceil(seconds),
  );
}

/** `message` carries the code of docs/errors.md. What has none says nothing to the sender. */
export function refusal(error: unknown): Refusal {
  if (error instanceof RefusedError) return error.refusal;
  if (error instanceof MalformedProtobufError) {
    return {
      code: grpcCode.invalidArgument,
      httpStatus: 400,
      message: `TL_BODY_UNREADABLE: ${error.message}`,
    };
  }
  if (!(error instanceof ThroughlineError)) {
    return { code: grpcCode.internal, httpStatus: 500, message: "TL_INTERNAL: an unexpected error" };
  }
  const message = `${error.code}: ${error.message}`;
  const httpStatus = errorTable[error.code].status ?? 500;
  const code = codes.get(error.code) ?? grpcCode.internal;
  if (error instanceof RetryLaterError)
    return { code, httpStatus, message, retryAfterSeconds: error.retryAfterSeconds };
  // The store's own: its thread tells no time.
  const mayRetry = code === grpcCode.unavailable || error.code === "TL_OVERLOADED";
  return { code, httpStatus, message, ...(mayRetry ? { retryAfterSeconds } : {}) };
}

/** google.rpc.Status, with google.rpc.RetryInfo among its details where the refusal says when to try again. */
export function encodeStatus(refused: Refusal): Uint8Array<ArrayBuffer> {
  const writer = new ProtobufWriter(256);
  writer.uint32(1, refused.code);
  writer.string(2, refused.message);
  const seconds = refused.retryAfterSeconds;
  if (seconds !== undefined) {
    writer.message(3, () => {
      writer.string(1, "type.googleapis.com/google.rpc.RetryInfo");
      writer.message(2, () => writer.message(1, () => writer.uint32(1, seconds)));
    });
  }
  return writer.finish();
}

/** The same in proto3's JSON. */
export function statusJson({ code, message, retryAfterSeconds: seconds }: Refusal): string {
  const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${seconds}s` };
  return JSON.stringify({ code, message, ...(seconds === undefined ? {} : { details: [retry] }) });
}
