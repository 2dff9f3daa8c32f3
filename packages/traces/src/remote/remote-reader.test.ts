import * as fc from "fast-check";
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { createRedactor } from "@throughline/redaction";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { openGate } from "../access.ts";
import { QueryGrpcListener } from "../api/grpc/listener.ts";
import { ValueRedactor } from "../ingest-redaction.ts";
import type { SpanRecord } from "../model.ts";
import type { SpanReader } from "../query/reader.ts";
import { attributeText } from "../store/attribute-text.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { anySpan, exampleSpan, resourceOf, text } from "../store/example-spans.ts";
import { openStore } from "../store/open-store.ts";
import { anyQuery, smallSpan } from "../store/search/naive-model.ts";
import { RemoteClient } from "./client.ts";
import { readerOver } from "./loaded-spans.ts";
import { redactSpans } from "./redact-spans.ts";
import { RemoteReader } from "./remote-reader.ts";

const base = 1_700_000_000_000_000_000n;
const minute = 60_000_000_000n;

function clientOf(address: string): RemoteReader {
  const client = new RemoteClient({ host: "127.0.0.1", port: Number(address.split(":").at(-1)), tls: false });
  onTestFinished(() => client.close());
  return new RemoteReader(client);
}

/** A reader of what our own server of the protocol answers over these spans, whatever they are at the time of the question. */
async function throughOurServer(current: () => SpanReader): Promise<RemoteReader> {
  const reader = new Proxy({} as SpanReader, {
    get: (_target, name: keyof SpanReader) => {
      const now = current();
      return now[name]?.bind(now);
    },
  });
  const listener = new QueryGrpcListener({
    reader,
    readerOf: () => expect.unreachable("nobody here is bound to a tenant"),
    pin: () => Promise.resolve(),
    append: () => Promise.reject(new Error("nothing is written here")),
    gate: openGate,
    logger: pino({ level: "silent" }),
  });
  const address = await listener.listen("127.0.0.1", 0);
  onTestFinished(() => listener.stop());
  return clientOf(address);
}

test("every search over a remote storage answers as over our own", async () => {
  let local: SpanReader = readerOver([]);
  const remote = await throughOurServer(() => local);
  const spans = fc
    .array(smallSpan, { minLength: 1, maxLength: 30 })
    // A slow trace is answered with all of its spans saying so, which is not how it was stored.
    .map((all) =>
      all.map((span, at) => ({
        ...span,
        spanId: String(at + 1).padStart(16, "0"),
        attributes: span.attributes.filter(({ key }) => key !== "slow_trace"),
      })),
    );
  await fc.assert(
    fc.asyncProperty(spans, fc.array(anyQuery, { minLength: 4, maxLength: 4 }), async (all, queries) => {
      local = readerOver(all);
      for (const query of queries) {
        const [found, expected] = [await remote.search(query), await local.search(query)];
        const shown = ({ traces, next }: typeof found) => [traces.map(idsOf), next];
        expect(shown(found)).toEqual(shown(expected));
      }
      const window = { startMin: base, startMax: base + 400_000_000_000n, limit: 50 };
      const minutes = { fromMinute: Number(base / minute), toMinute: Number(base / minute) + 10 };
      expect(await remote.attributeKeys(window)).toEqual(await local.attributeKeys(window));
      expect(await remote.attributeValues("a", window)).toEqual(await local.attributeValues("a", window));
      expect(await remote.red(minutes)).toEqual(await local.red(minutes));
      expect(await remote.services()).toEqual(await local.services());
      expect(await remote.operations("shop")).toEqual(await local.operations("shop"));
    }),
    { numRuns: 12 },
  );
}, 60_000);

function idsOf(trace: readonly SpanRecord[]): string {
  return trace.map(({ traceId, spanId }) => `${traceId} ${spanId}`).join();
}

test("what goes to a remote storage is what our own store would keep", async () => {
  const opened = await openStore({ headSize: { rows: 5_000, items: 100_000, bytes: 10_000_000 } });
  await fc.assert(
    fc.asyncProperty(fc.array(anySpan, { minLength: 1, maxLength: 5 }), async (spans) => {
      const secret = spans.map((span, at) => ({
        ...span,
        traceId: BigInt(`0x${span.traceId}`).toString(16).padStart(32, "0"),
        spanId: String(at + 1).padStart(16, "0"),
        attributes: [
          ...span.attributes,
          text("password", "hunter2 is it"),
          text("note", "key AKIAIOSFODNN7EXAMPLE"),
          text("throughline.tenant", "somebody else"),
        ],
      }));
      const from = { tenant: spans.length % 2 === 0 ? "acme" : undefined };
      await opened.heads.append(encodeBatch(secret), from);
      const clean = redactSpans(secret, new ValueRedactor(createRedactor()), from);
      expect(JSON.stringify(clean, bigints)).not.toMatch(/hunter2|AKIAIOSFODNN7EXAMPLE/);
      for (const span of clean) {
        const [trace = []] = await opened.reader.traces([span.traceId]);
        const kept = trace.filter(
          ({ spanId, startUnixNano, kind }) =>
            spanId === span.spanId && startUnixNano === span.startUnixNano && kind === span.kind,
        );
        expect(Buffer.from(encodeBatch(kept))).toEqual(Buffer.from(encodeBatch([span])));
      }
    }),
    { numRuns: 40 },
  );
});

function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

interface Seconds {
  seconds: string;
  nanos: number;
}

interface FindQuery {
  serviceName: string;
  attributes: { key: string; value: { stringValue: string } }[];
  durationMin: Seconds | null;
  startTimeMin: Seconds;
  startTimeMax: Seconds;
  searchDepth: number;
}

type FindCall = ServerWritableStream<{ query: FindQuery }, object>;

/** A storage as Cassandra's: no search without a service, tags and durations not together, no order, no capabilities, no dependencies. */
async function frugalStorage(local: SpanReader): Promise<RemoteReader> {
  const definition = loadSync("storage.proto", {
    includeDirs: [new URL("../api/grpc/proto/", import.meta.url).pathname],
    longs: String,
    defaults: true,
    oneofs: true,
  });
  const root = loadPackageDefinition(definition) as unknown as {
    jaeger: { storage: { v2: Record<string, ServiceClientConstructor> } };
  };
  const service = (name: string) => (root.jaeger.storage.v2[name] as ServiceClientConstructor).service;
  const services = (await local.services()).toReversed();
  const server = new Server();
  server.addService(service("TraceReader"), {
    FindTraces: (call: FindCall) => void find(call),
    GetServices: (_call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) =>
      callback(null, { services }),
  });
  server.addService(service("DependencyReader"), {
    GetDependencies: (_call: ServerUnaryCall<object, object>, callback: sendUnaryData<object>) =>
      callback(null, {}),
  });
  const find = async (call: FindCall): Promise<void> => {
    const { serviceName, attributes, durationMin, startTimeMin, startTimeMax, searchDepth } =
      call.request.query;
    if (serviceName === "")
      return void call.emit("error", { code: status.UNKNOWN, details: "service name must be set" });
    if (attributes.length > 0 && durationMin !== null)
      return void call.emit("error", {
        code: status.UNKNOWN,
        details: "cannot query for duration and tags simultaneously",
      });
    const ns = ({ seconds, nanos }: Seconds) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    const { traces } = await local.search({
      service: serviceName,
      tags: attributes.map(({ key, value }) => ({ key, value: value.stringValue })),
      startMin: ns(startTimeMin),
      startMax: ns(startTimeMax),
      limit: searchDepth,
    });
    // Of the messages only the trace id and times matter here.
    for (const trace of traces.toReversed())
      call.write({
        resourceSpans: trace.map((span) => ({
          resource: { attributes: [{ key: "service.name", value: { stringValue: serviceOf(span) } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: Buffer.from(span.traceId, "hex"),
                  spanId: Buffer.from(span.spanId, "hex"),
                  name: span.name,
                  startTimeUnixNano: String(span.startUnixNano),
                  endTimeUnixNano: String(span.endUnixNano),
                  attributes: span.attributes.map(({ key, value }) => ({
                    key,
                    value: { stringValue: attributeText(value) },
                  })),
                },
              ],
            },
          ],
        })),
      });
    call.end();
  };
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  return clientOf(`127.0.0.1:${port}`);
}

function serviceOf({ resource }: SpanRecord): string {
  const value = resource.attributes[0]?.value;
  return value?.type === "string" ? value.value : "";
}

test("a storage that can do little is asked for less, by service, further and further back", async () => {
  const spans = Array.from({ length: 900 }, (_, at) =>
    exampleSpan({
      traceId: (at + 1).toString(16).padStart(32, "0"),
      spanId: (at + 1).toString(16).padStart(16, "0"),
      resource: resourceOf(at % 2 === 0 ? "shop" : "desk"),
      startUnixNano: base + BigInt(at) * 1_000n,
      endUnixNano: base + BigInt(at) * 1_000n + BigInt(at),
      attributes: [text("even", at % 4 === 0 ? "yes" : "no"), text("rare", at === 3 ? "x" : "")],
    }),
  );
  const local = readerOver(spans);
  const remote = await frugalStorage(local);
  const ids = async (reader: SpanReader, query: Parameters<SpanReader["search"]>[0]) =>
    (await reader.search(query)).traces.map(([span]) => span?.traceId);
  for (const query of [
    { tags: [], limit: 7 },
    { tags: [{ key: "even", value: "yes" }], durationMin: 5n, durationMax: 100n, limit: 50 },
    { tags: [], where: { attribute: "rare", test: { is: "=" as const, text: "x" } }, limit: 1 },
    { tags: [], traceDurationMax: 12n, limit: 4 },
  ])
    expect(await ids(remote, query)).toEqual(await ids(local, query));
  const window = { startMin: base, startMax: base + 10_000_000n, limit: 10 };
  expect(await remote.attributeValues("even", window)).toEqual(await local.attributeValues("even", window));
  const minutes = { fromMinute: Number(base / minute), toMinute: Number(base / minute) };
  expect(await remote.edges(minutes)).toEqual([]);
});
