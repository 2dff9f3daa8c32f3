import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { TraceBackend } from "./index.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import { temporaryDirectory } from "./store/open-store.ts";
import { ask, everyRead, ids, send, sendOfTenants, spanOf, start } from "./tenant-client.ts";
import { newAuthority } from "./test-certificates.ts";

const readers = ["acme-read", "globex-read", "all-read"];

const protos = loadSync(["query_v2.proto", "query.proto", "storage.proto", "collector.proto"], {
  includeDirs: [new URL("./api/grpc/proto/", import.meta.url).pathname],
});
const window = { startTimeMin: { seconds: 0 }, startTimeMax: { seconds: 4_102_444_800 } };
const times = { startTime: { seconds: 1_699_900_000 }, endTime: { seconds: 1_700_100_000 } };
const bytesOf = (id: string): Buffer => Buffer.from(id, "hex");
const service = "shop-of-globex";
const everyCall: [method: string, request: object][] = [
  ...[ids.globex, ids.trusted].flatMap((id): [string, object][] => [
    ["jaeger.api_v2.QueryService/GetTrace", { traceId: bytesOf(id) }],
    ["jaeger.api_v3.QueryService/GetTrace", { traceId: id }],
    ["jaeger.storage.v2.TraceReader/GetTraces", { query: [{ traceId: bytesOf(id) }] }],
  ]),
  ...["jaeger.api_v2.QueryService", "jaeger.api_v3.QueryService", "jaeger.storage.v2.TraceReader"].flatMap(
    (name): [string, object][] => [
      [`${name}/FindTraces`, { query: { ...window, searchDepth: 10 } }],
      [`${name}/GetServices`, {}],
      [`${name}/GetOperations`, { service }],
    ],
  ),
  ["jaeger.api_v3.QueryService/FindTraceSummaries", { query: { ...window, searchDepth: 10 } }],
  ["jaeger.storage.v2.TraceReader/FindTraceIDs", { query: { ...window, searchDepth: 10 } }],
  ["jaeger.storage.v2.TraceReader/FindTraceSummaries", { query: { ...window, searchDepth: 10 } }],
  ["jaeger.api_v2.QueryService/GetDependencies", times],
  ["jaeger.api_v3.QueryService/GetDependencies", times],
  ["jaeger.storage.v2.DependencyReader/GetDependencies", times],
];

/** What a call answers, as text; `status N` where it failed. */
async function call(backend: TraceBackend, token: string, path: string, request: object): Promise<string> {
  const client = new Client(backend.addresses.queryGrpc, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  const [name = "", method = ""] = path.split("/");
  const { requestSerialize } = (
    protos[name] as Record<string, { requestSerialize: (value: object) => Buffer }>
  )[method] as { requestSerialize: (value: object) => Buffer };
  const parts: Buffer[] = [];
  // A stream of one message is what a call without one answers too.
  const stream = client.makeServerStreamRequest(
    `/${path}`,
    (value: object) => (Buffer.isBuffer(value) ? value : requestSerialize(value)),
    (bytes: Buffer) => bytes,
    request,
    metadata,
  );
  try {
    for await (const part of stream) parts.push(part as Buffer);
  } catch (error) {
    return `status ${(error as ServiceError).code}`;
  } finally {
    client.close();
  }
  return Buffer.concat(parts).toString("latin1");
}

/** A storage that asks for a token over TLS, and a backend that keeps its spans there. */
async function startBoth(token = "all-admin") {
  const authority = newAuthority();
  const { certFile, keyFile } = authority.sign("storage", "subjectAltName=IP:127.0.0.1");
  const storage = await start(await temporaryDirectory(), {
    consoleTls: { cert: certFile, key: keyFile, clientCa: undefined },
  });
  const directory = await temporaryDirectory();
  const tokenFile = join(directory, "token");
  await writeFile(tokenFile, `${token}\n`);
  const port = Number(storage.addresses.queryGrpc.split(":").at(-1));
  const remote = { host: "127.0.0.1", port, tls: true, caFile: authority.caFile, tokenFile };
  return { storage, front: await start(directory, { remote }), remote, tokenFile };
}

test(
  "over a remote storage every address answers each token what it answers over a store of one's own",
  { timeout: 60_000 },
  async () => {
    const { front } = await startBoth();
    const own = await start(await temporaryDirectory());
    for (const backend of [front, own]) await sendOfTenants(backend);
    for (const token of readers)
      for (const path of [...everyRead, ...everyRead.map((one) => one.replaceAll(ids.globex, ids.trusted))]) {
        const [remote, local] = [await ask(front, token, path), await ask(own, token, path)];
        expect([token, path, remote]).toEqual([token, path, local]);
        const shown = remote.body.replaceAll("service=shop-of-globex", "");
        const isLeak = token === "acme-read" && /shop-of-globex|desk-of-globex|"secret"/.test(shown);
        expect([path, isLeak]).toEqual([path, false]);
      }
    const archived = await ask(front, "acme-read-write", `/api/archive/${ids.trusted}`, { method: "POST" });
    expect(archived.status).toBe(404);
  },
);

test(
  "both gRPC query services and the storage writer in front of a remote storage know whose a token is",
  { timeout: 60_000 },
  async () => {
    const { front } = await startBoth();
    const own = await start(await temporaryDirectory());
    for (const backend of [front, own]) await sendOfTenants(backend);
    for (const token of readers)
      for (const [method, request] of everyCall) {
        const [remote, local] = [
          await call(front, token, method, request),
          await call(own, token, method, request),
        ];
        expect([token, method, remote]).toEqual([token, method, local]);
        const isLeak = token === "acme-read" && /(?:shop|desk)-of-globex/.test(remote);
        expect([method, isLeak]).toEqual([method, false]);
      }
    const writer = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const written = Buffer.from(encodeBatch([spanOf(ids.acme, "written-by-acme")]));
    expect(await call(front, "acme-ingest", writer, written)).not.toContain("status");
    expect(await call(front, "acme-read", writer, written)).toBe("status 7");
    expect((await ask(front, "acme-read", "/api/services")).body).toContain("written-by-acme");
    expect((await ask(front, "globex-read", "/api/services")).body).not.toContain("written-by-acme");
  },
);

test(
  "a remote storage is reached by the token of a file, read again for each call, and behind the authority of another",
  { timeout: 60_000 },
  async () => {
    const { front, remote, tokenFile } = await startBoth();
    await send(front, "acme-ingest", spanOf(ids.acme, "shop-of-acme"));
    const services = () => ask(front, "all-read", "/api/services");
    expect((await services()).body).toContain("shop-of-acme");
    expect(await front.health()).toMatchObject({ ok: true });
    await writeFile(tokenFile, "revoked");
    expect(await services()).toMatchObject({ status: 503, body: expect.stringContaining("UNAUTHENTICATED") });
    await writeFile(tokenFile, "all-admin");
    expect((await services()).status).toBe(200);
    for (const [parts, reason] of [
      [{ caFile: newAuthority().caFile }, /UNAVAILABLE/],
      [{ tls: false, caFile: undefined }, /UNAVAILABLE/],
    ] as const) {
      const other = await start(await temporaryDirectory(), { remote: { ...remote, ...parts } });
      const { status, body } = await ask(other, "all-read", "/api/services");
      expect([status, reason.test(body)]).toEqual([503, true]);
      expect((await other.health()).ok).toBe(false);
    }
  },
);
