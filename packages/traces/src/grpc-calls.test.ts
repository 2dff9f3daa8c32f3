import { Metadata } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { FileDescriptorProto, type IFileDescriptorProto } from "protobufjs/ext/descriptor/index.js";
import { expect, test } from "vitest";
import { endlessReader } from "./api/stored-traces.ts";
import { spans, startServices, traceId, v3, protos, type Method } from "./example-grpc-services.ts";

test("a query ends when its client goes", async () => {
  const times = { startTime: { seconds: "1" }, endTime: { seconds: "2" } };
  let asked = Promise.withResolvers<void>();
  let ended = Promise.withResolvers<void>();
  const reader = endlessReader(
    () => asked.resolve(),
    () => ended.resolve(),
  );
  const { client } = await startServices([], () => reader);
  for (const [method, request] of [
    [`${v3}/GetTrace`, { traceId }],
    [`${v3}/GetServices`, {}],
    [`${v3}/GetOperations`, { service: "shop" }],
    [`${v3}/GetDependencies`, times],
    ["/jaeger.api_v2.QueryService/GetServices", {}],
    ["/jaeger.api_v2.QueryService/GetOperations", { service: "shop" }],
    ["/jaeger.api_v2.QueryService/GetDependencies", times],
    ["/jaeger.storage.v2.TraceReader/GetServices", {}],
    ["/jaeger.storage.v2.TraceReader/GetOperations", { service: "shop" }],
    ["/jaeger.storage.v2.DependencyReader/GetDependencies", times],
  ] as const) {
    asked = Promise.withResolvers<void>();
    ended = Promise.withResolvers<void>();
    const [, service = "", name = ""] = method.split("/");
    const { requestSerialize } = (protos[service] as Record<string, Method>)[name] as Method;
    const stream = client.makeServerStreamRequest(
      method,
      requestSerialize,
      (bytes: Buffer) => bytes,
      request,
      new Metadata(),
    );
    stream.on("error", () => undefined);
    await asked.promise;
    stream.cancel();
    await ended.promise;
  }
});

test("reflection lists and describes the services, health serves each", async () => {
  const { client } = await startServices(spans);
  const reflection = fromReflection();
  const ask = (request: object) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const stream = client.makeBidiStreamRequest(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        reflection.requestSerialize,
        reflection.responseDeserialize,
      );
      stream.on("data", (answer: Record<string, unknown>) => {
        resolve(answer);
        stream.end();
      });
      stream.on("error", reject);
      stream.write(request);
    });
  const listed = (await ask({ listServices: "*" }))["listServicesResponse"] as {
    service: { name: string }[];
  };
  expect(listed.service.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "jaeger.api_v3.QueryService",
      "jaeger.storage.v2.TraceReader",
      "opentelemetry.proto.collector.trace.v1.TraceService",
      "grpc.health.v1.Health",
    ]),
  );
  const described = await ask({ fileContainingSymbol: "jaeger.api_v3.QueryService" });
  const files = (described["fileDescriptorResponse"] as { fileDescriptorProto: Buffer[] })
    .fileDescriptorProto;
  expect(Buffer.concat(files).toString("latin1")).toContain("GetTraceRequest");
  // A client that builds the types needs to be told where the others are.
  const imports = new Map(
    files.map((bytes) => {
      const { name, dependency } = FileDescriptorProto.decode(bytes) as IFileDescriptorProto;
      return [name, dependency];
    }),
  );
  expect(imports.get("jaeger_api_v3.proto")).toEqual([
    "google_protobuf.proto",
    "jaeger_expression_v1.proto",
    "opentelemetry_proto_trace_v1.proto",
  ]);
  for (const needed of [...imports.values()].flat()) expect(imports.has(needed)).toBe(true);
});

/** grpc.reflection.v1, as far as the test asks. */
function fromReflection(): {
  requestSerialize: (value: object) => Buffer;
  responseDeserialize: (bytes: Buffer) => Record<string, unknown>;
} {
  const field = (type: string, id: number, rule?: string) => ({
    type,
    id,
    ...(rule === undefined ? {} : { rule }),
  });
  const definition = fromJSON({
    nested: {
      Reflection: { methods: { Info: { requestType: "Request", responseType: "Answer", comment: "" } } },
      Request: { fields: { fileContainingSymbol: field("string", 4), listServices: field("string", 7) } },
      Answer: {
        fields: { fileDescriptorResponse: field("Files", 4), listServicesResponse: field("Services", 6) },
      },
      Files: { fields: { fileDescriptorProto: field("bytes", 1, "repeated") } },
      Services: { fields: { service: field("Service", 1, "repeated") } },
      Service: { fields: { name: field("string", 1) } },
    },
  });
  return (definition["Reflection"] as Record<string, never>)["Info"] as never;
}
