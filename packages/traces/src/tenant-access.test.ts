import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { encodeBatch } from "./store/batch-encoding.ts";
import { temporaryDirectory } from "./store/open-store.ts";
import { ask, everyRead, ids, send, sendOfTenants, spanOf, start } from "./tenant-client.ts";

test(
  "no address answers a tenant's token with anything of another, before and after a restart; without a tenant it does",
  { timeout: 60_000 },
  async () => {
    const directory = await temporaryDirectory();
    let backend = await start(directory);
    await sendOfTenants(backend);
    for (let round = 0; round < 2; round++) {
      for (const path of everyRead) {
        const { status, body } = await ask(backend, "acme-read", path);
        expect([
          path,
          /shop-of-globex|desk-of-globex|"secret"/.test(body.replaceAll("service=shop-of-globex", "")),
        ]).toEqual([path, false]);
        expect(status).toBeLessThan(500);
      }
      const services = async (token: string) =>
        (JSON.parse((await ask(backend, token, "/api/services")).body) as { data: string[] }).data;
      expect(await services("acme-read")).toEqual(["forged", "shop-of-acme"]);
      expect(await services("globex-read")).toEqual(["desk-of-globex", "shop-of-globex"]);
      expect(await services("all-read")).toEqual([
        "desk-of-globex",
        "forged",
        "shop-of-acme",
        "shop-of-globex",
      ]);
      const trusted = `/api/traces/${ids.trusted}`;
      expect((await ask(backend, "acme-read", trusted)).status).toBe(404);
      expect((await ask(backend, "acme-read", `/api/v3/traces/${ids.trusted}`)).status).toBe(404);
      // As one that is nowhere.
      expect((await ask(backend, "acme-read", trusted)).body).toBe(
        (await ask(backend, "acme-read", `/api/traces/${"d".repeat(32)}`)).body,
      );
      expect((await ask(backend, "globex-read", trusted)).status).toBe(200);
      const archive = (token: string, id: string) =>
        ask(backend, token, `/api/archive/${id}`, { method: "POST" });
      expect((await archive("acme-read-write", ids.trusted)).status).toBe(404);
      expect((await archive("acme-read-write", ids.acme)).status).toBe(200);
      expect((await archive("acme-read", ids.acme)).status).toBe(403);
      await backend.stop();
      backend = await start(directory);
    }
  },
);

test(
  "both gRPC query services and the storage writer know whose a token is",
  { timeout: 60_000 },
  async () => {
    const backend = await start(await temporaryDirectory());
    await send(backend, "globex-ingest", spanOf(ids.globex, "shop-of-globex"));
    const client = new Client(backend.addresses.queryGrpc, credentials.createInsecure());
    onTestFinished(() => client.close());
    const metadata = (token: string): Metadata => {
      const made = new Metadata();
      made.set("authorization", `Bearer ${token}`);
      return made;
    };
    const bytes = (value: Buffer): Buffer => value;
    const unary = (path: string, body: Uint8Array, token: string): Promise<Buffer | ServiceError> =>
      new Promise((resolve) => {
        client.makeUnaryRequest(path, bytes, bytes, Buffer.from(body), metadata(token), (error, value) =>
          resolve(error ?? value ?? Buffer.alloc(0)),
        );
      });
    const stream = async (path: string, body: Uint8Array, token: string): Promise<string> => {
      const call = client.makeServerStreamRequest(path, bytes, bytes, Buffer.from(body), metadata(token));
      const parts: Buffer[] = [];
      try {
        for await (const part of call) parts.push(part as Buffer);
      } catch (error) {
        return `status ${(error as ServiceError).code}`;
      }
      return Buffer.concat(parts).toString("latin1");
    };
    const text16 = (id: string): Buffer => Buffer.concat([Buffer.of(0x0a, 32), Buffer.from(id, "latin1")]);
    const query16 = (id: string): Buffer =>
      Buffer.concat([Buffer.of(0x0a, 18, 0x0a, 16), Buffer.from(id, "hex")]);
    for (const [token, sees] of [
      ["globex-read", true],
      ["acme-read", false],
      ["all-read", true],
    ] as const) {
      const found = await stream("/jaeger.api_v3.QueryService/GetTrace", text16(ids.globex), token);
      expect([token, found.includes("shop-of-globex"), found === "status 5"]).toEqual([token, sees, !sees]);
      const read = await stream("/jaeger.storage.v2.TraceReader/GetTraces", query16(ids.globex), token);
      expect([token, read.includes("shop-of-globex")]).toEqual([token, sees]);
      for (const service of ["jaeger.api_v3.QueryService", "jaeger.storage.v2.TraceReader"])
        expect(
          String(await unary(`/${service}/GetServices`, Buffer.alloc(0), token)).includes("shop-of-globex"),
        ).toBe(sees);
    }
    const writer = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const written = encodeBatch([spanOf(ids.acme, "written-by-acme")]);
    expect(await unary(writer, written, "acme-ingest")).toBeInstanceOf(Buffer);
    expect(await unary(writer, written, "acme-read")).toMatchObject({ code: 7 });
    expect((await ask(backend, "acme-read", "/api/services")).body).toContain("written-by-acme");
    expect((await ask(backend, "globex-read", "/api/services")).body).not.toContain("written-by-acme");
  },
);

test(
  "an export that an administrator brings back is of the tenants that it was of; nobody else can say so",
  { timeout: 60_000 },
  async () => {
    const from = await start(await temporaryDirectory());
    await send(from, "acme-ingest", spanOf(ids.acme, "shop-of-acme"));
    const { body } = await ask(from, "all-read", "/api/throughline/export?format=otlp-json");
    const into = await start(await temporaryDirectory());
    const bring = (token: string, json: string) =>
      fetch(`${into.addresses.otlpHttp}/v1/traces`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: json,
      });
    expect((await bring("all-admin", body)).status).toBe(200);
    expect((await ask(into, "acme-read", "/api/services")).body).toContain("shop-of-acme");
    expect((await ask(into, "globex-read", "/api/services")).body).not.toContain("shop-of-acme");
    const other = body.replaceAll("shop-of-acme", "brought-by-others").replaceAll(ids.acme, ids.trusted);
    expect((await bring("all-ingest", other)).status).toBe(200);
    expect((await bring("globex-ingest-admin", other.replaceAll("brought", "moved"))).status).toBe(200);
    expect((await ask(into, "acme-read", "/api/services")).body).not.toMatch(/brought|moved/);
    expect((await ask(into, "globex-read", "/api/services")).body).toContain("moved-by-others");
  },
);
