import { setTimeout as sleep } from "node:timers/promises";
import { anybody, type Gate } from "../access.ts";
import { ProtobufReader, wire } from "../decode/protobuf-reader.ts";
import { ProtobufWriter } from "../decode/protobuf-writer.ts";
import { encodeExportResponse } from "./export-response.ts";
import { GrpcServer, type GrpcServerOptions, type StreamMethod, type UnaryMethod } from "./grpc-server.ts";
import { grpcCode, RefusedError } from "../rpc-status.ts";
import type { Intake } from "./intake.ts";

const traceService = "opentelemetry.proto.collector.trace.v1.TraceService";
/** grpc.health.v1.HealthCheckResponse.ServingStatus */
const serving = 1;
const notServing = 2;
const serviceUnknown = 3;
/** So often it is looked whether the health has changed. */
const watchEveryMs = 1_000;

export interface OtlpGrpcOptions extends Omit<GrpcServerOptions, "methods" | "streams" | "admit" | "open"> {
  intake: Intake;
  gate: Gate;
  isHealthy: () => Promise<boolean>;
}

/** OTLP over gRPC for traces, and grpc.health.v1.Health. Not listening yet. */
export function createOtlpGrpcServer({ intake, gate, isHealthy, ...options }: OtlpGrpcOptions): GrpcServer {
  const methods = new Map<string, UnaryMethod>([
    [
      `/${traceService}/Export`,
      async (message, sender) => encodeExportResponse(await intake.append(sender, message, "protobuf")),
    ],
    ["/grpc.health.v1.Health/Check", (message) => healthCheck(message, isHealthy)],
  ]);
  const streams = new Map<string, StreamMethod>([
    [
      "/grpc.health.v1.Health/Watch",
      (message, send, signal) => watchHealth(message, isHealthy, send, signal),
    ],
  ]);
  const admit: GrpcServerOptions["admit"] = (path, { authorization }, peer) =>
    path.startsWith(`/${traceService}/`)
      ? gate.admit(authorization, "ingest", peer)
      : Promise.resolve(anybody);
  return new GrpcServer({ ...options, methods, streams, admit, open: (sender) => intake.open(sender) });
}

async function healthCheck(
  message: readonly Uint8Array[],
  isHealthy: () => Promise<boolean>,
): Promise<Uint8Array> {
  if (!isKnown(serviceOf(message)))
    throw new RefusedError({ code: grpcCode.notFound, httpStatus: 404, message: "unknown service" });
  return servingStatus((await isHealthy()) ? serving : notServing);
}

/** Says how it is, and again when that has changed, and at the end that nothing is served any more. */
async function watchHealth(
  message: readonly Uint8Array[],
  isHealthy: () => Promise<boolean>,
  send: (message: Uint8Array) => void,
  signal: AbortSignal,
): Promise<void> {
  const known = isKnown(serviceOf(message));
  let told = -1;
  const tell = (status: number): void => {
    if (status !== told) send(servingStatus((told = status)));
  };
  while (!signal.aborted) {
    // A service that is not known may come later, says the protocol.
    tell(!known ? serviceUnknown : (await isHealthy()) ? serving : notServing);
    await sleep(watchEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
  tell(known ? notServing : serviceUnknown);
}

function isKnown(service: string): boolean {
  return service === "" || service === traceService;
}

function servingStatus(status: number): Uint8Array {
  const writer = new ProtobufWriter(8);
  writer.uint32(1, status);
  return writer.finish();
}

/** The service that a HealthCheckRequest names. */
function serviceOf(message: readonly Uint8Array[]): string {
  const reader = new ProtobufReader(Buffer.concat(message));
  let service = "";
  while (reader.next()) {
    if (reader.is(1, wire.bytes)) service = reader.string();
    else reader.skip();
  }
  return service;
}
