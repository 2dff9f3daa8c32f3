import {
  type GrpcObject,
  Server,
  ServerCredentials,
  type ServiceClientConstructor,
  type UntypedServiceImplementation,
  loadPackageDefinition,
} from "@grpc/grpc-js";
import { loadSync, type PackageDefinition } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { HealthImplementation, protoPath as healthProto } from "grpc-health-check";
import type { Socket } from "node:net";
import type { Logger } from "pino";
import type { Gate, Principal } from "../../access.ts";
import type { RemovedSpans, SpanReader } from "../../query/reader.ts";
import type { Tls } from "../../tls.ts";
import { Calls } from "./calls.ts";
import { legacyQueryService } from "./legacy-query-service.ts";
import { queryService } from "./query-service.ts";
import { withImports } from "./reflection.ts";
import { storageServices } from "./storage-service.ts";
import { TenantServices } from "./tenant-services.ts";

type ConnectionInjector = ReturnType<Server["createConnectionInjector"]>;

const protos = new URL("./proto/", import.meta.url).pathname;
const files = ["query.proto", "query_v2.proto", "storage.proto", "collector.proto"];
const names = {
  query: "jaeger.api_v3.QueryService",
  legacyQuery: "jaeger.api_v2.QueryService",
  traceReader: "jaeger.storage.v2.TraceReader",
  dependencyReader: "jaeger.storage.v2.DependencyReader",
  capabilities: "jaeger.storage.v2.Capabilities",
  writer: "opentelemetry.proto.collector.trace.v1.TraceService",
} as const;
/** A request of spans, as by OTLP. */
const requestLimitBytes = 64 * 1024 * 1024;

export interface QueryGrpcOptions {
  gate: Gate;
  reader: SpanReader;
  /** What a tenant may see. */
  readerOf: (tenant: string) => SpanReader;
  /** What retention deleted last; of others' spans a tenant is told nothing. */
  removed?: () => RemovedSpans | null;
  /** Keeps a trace beyond retention. */
  pin: (traceId: string, by: Principal) => Promise<void>;
  /** Stores OTLP's protobuf; the storage API writes as OTLP's senders do. */
  append: (sender: Principal, bytes: Buffer) => Promise<{ rejected: number; reason: string }>;
  tls?: Tls | undefined;
  logger: Logger;
}

/**
 * Jaeger's query services (api_v3, api_v2), what a Jaeger needs to use this backend as its remote storage (storage.v2), health and reflection, over
 * gRPC, over connections that are handed to it.
 */
export class QueryGrpcServer {
  private readonly server: Server;
  private readonly injector: ConnectionInjector;

  constructor({ reader, readerOf, removed = () => null, pin, append, gate, logger }: QueryGrpcOptions) {
    const definition = loadSync(files, {
      includeDirs: [protos],
      longs: String,
      defaults: true,
      oneofs: true,
    });
    passBytes(definition);
    const calls = new Calls(gate, logger);
    const servicesOf = (
      of: SpanReader,
      tenant: string | undefined,
    ): Record<string, UntypedServiceImplementation> => {
      const own = new Calls(gate, logger, { tenant });
      const shown = tenant === undefined ? removed : (): null => null;
      const { traceReader, dependencyReader, capabilities } = storageServices(of, own);
      return {
        [names.query]: queryService(of, shown, own),
        [names.legacyQuery]: legacyQueryService(of, shown, pin, own),
        [names.traceReader]: traceReader,
        [names.dependencyReader]: dependencyReader,
        [names.capabilities]: capabilities,
      };
    };
    const views = new TenantServices(gate, servicesOf(reader, undefined), (tenant) =>
      servicesOf(readerOf(tenant), tenant),
    );
    this.server = new Server({ "grpc.max_receive_message_length": requestLimitBytes });
    const root = loadPackageDefinition(definition);
    const add = (name: string, methods: Parameters<Server["addService"]>[1]): void =>
      this.server.addService(serviceOf(root, name), methods);
    for (const [name, methods] of views.services()) add(name, methods);
    add(names.writer, {
      Export: calls.unary(async (bytes: Buffer, _signal, sender) => {
        const { rejected, reason } = await append(sender, bytes);
        return rejected === 0
          ? {}
          : { partialSuccess: { rejectedSpans: String(rejected), errorMessage: reason } };
      }, "ingest"),
    });
    new HealthImplementation(
      Object.fromEntries(["", ...Object.values(names)].map((name) => [name, "SERVING"])),
    ).addToServer(this.server);
    new ReflectionService(withImports({ ...definition, ...loadSync(healthProto) })).addToServer(this.server);
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /** Takes a connection that came in elsewhere. */
  take(connection: Socket): void {
    this.injector.injectConnection(connection);
  }

  /** Answers what is under way; what lasts longer than `graceMs` is cut. */
  async stop(graceMs: number): Promise<void> {
    const cut = setTimeout(() => this.server.forceShutdown(), graceMs);
    await new Promise<void>((resolve) => this.server.tryShutdown(() => resolve()));
    clearTimeout(cut);
    this.injector.destroy();
  }
}

/** Traces are encoded by the store and decoded by the ingest thread: here they are bytes. */
function passBytes(definition: PackageDefinition): void {
  for (const service of Object.values(names)) {
    for (const method of Object.values(definition[service] ?? {}) as {
      path: string;
      responseType: { type: { name: string } };
      responseSerialize: (value: Buffer) => Buffer;
      requestDeserialize: (bytes: Buffer) => unknown;
    }[]) {
      if (method.responseType.type.name === "TracesData") method.responseSerialize = (bytes) => bytes;
      if (method.path.endsWith("/Export")) method.requestDeserialize = (bytes) => bytes;
    }
  }
}

function serviceOf(root: GrpcObject, name: string): ServiceClientConstructor["service"] {
  const found = name.split(".").reduce<unknown>((at, part) => (at as GrpcObject | undefined)?.[part], root);
  return (found as ServiceClientConstructor).service;
}
