import { GrpcTransport } from "./grpc-transport.ts";
import { HttpTransport } from "./http-transport.ts";
import type { OtlpTransport, OtlpTransportOptions } from "./transport.ts";

export function createOtlpTransport(options: OtlpTransportOptions): OtlpTransport {
  return options.protocol === "grpc" ? new GrpcTransport(options) : new HttpTransport(options);
}
