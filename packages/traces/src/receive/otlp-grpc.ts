import { anybody, type Gate } from "../access.ts";
import { ProtobufReader, wire } from "../decode/protobuf-reader.ts";
import { ProtobufWriter } from "../decode/protobuf-writer.ts";
import { encodeExportResponse } from "./export-response.ts";
import { GrpcServer, type GrpcServerOptions, type UnaryMethod } from "./grpc-server.ts";
import { grpcCode, RefusedError } from "../rpc-status.ts";
import type { Intake } from "./intake.ts";

const traceService = "opentelemetry.proto.collector.trace.v1.TraceService";
/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const serving = 1;
const notServing = 2;

export interface OtlpGrpcOptions extends Omit<GrpcServerOptions, "methods" | "admit" | "open"> {
  intake: Intake;
  gate: Gate;
  isHealthy: () => Promise<boolean>;
}

/** OTLP over gRPC for traces, and grpc.health.v1.Health/Check. Not listening yet. */
export function createOtlpGrpcServer({ intake, gate, isHealthy, ...options }: OtlpGrpcOptions): GrpcServer {
  const methods = new Map<string, UnaryMethod>([
    [
      `/${traceService}/Export`,
      async (message, sender) => encodeExportResponse(await intake.append(sender, message, "protobuf")),
    ],
    ["/grpc.health.v1.Health/Check", (message) => healthCheck(message, isHealthy)],
  ]);
  const admit: GrpcServerOptions["admit"] = (path, { authorization }, peer) =>
    path.startsWith(`/${traceService}/`)
      ? gate.admit(authorization, "ingest", peer)
      : Promise.resolve(anybody);
  return new GrpcServer({ ...options, methods, admit, open: (sender) => intake.open(sender) });
}

async function healthCheck(
  message: readonly Uint8Array[],
  isHealthy: () => Promise<boolean>,
): Promise<Uint8Array> {
  const reader = new ProtobufReader(Buffer.concat(message));
  let service = "";
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) service = reader.string();
    else reader.skip();
  }
  if (service !== "" && service !== traceService) {
    throw new RefusedError({ code: grpcCode.notFound, httpStatus: 404, message: "unknown service" });
  }
  const writer = new ProtobufWriter(8);
  writer.uint32(1, (await isHealthy()) ? serving : notServing);
  return writer.finish();
}
