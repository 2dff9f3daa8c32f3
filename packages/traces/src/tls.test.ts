import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { copyFileSync } from "node:fs";
import { request } from "node:https";
import { connect as connectTls } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import type { TlsFiles, TraceBackend } from "./index.ts";
import { encodeBatch } from "./store/batch-encoding.ts";
import { exampleSpan } from "./store/example-spans.ts";
import { newAuthority, type TestCertificate } from "./test-certificates.ts";
import { startBackend } from "./test-backend.ts";

const serverNames = "subjectAltName=IP:127.0.0.1";
const clientUse = "extendedKeyUsage=clientAuth";
const exportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const body = Buffer.from(encodeBatch([exampleSpan()]));

const start = (tls: TlsFiles, accessMode: "auto" | "token" = "auto"): Promise<TraceBackend> =>
  startBackend({ accessMode, tls, consoleTls: tls });

interface Side {
  ca: string;
  client?: TestCertificate | undefined;
}

/** The status of a request by node's own HTTPS client, or the reason why there was none. */
function ask(
  url: string,
  { ca, client }: Side,
  post?: Buffer,
): Promise<{ status: number | string; body: string }> {
  return new Promise((resolve) => {
    const options = {
      ca,
      agent: false as const,
      method: post === undefined ? "GET" : "POST",
      headers: { "content-type": "application/x-protobuf" },
      ...(client === undefined ? {} : { cert: client.cert, key: client.key }),
    };
    const sent = request(url, options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on("error", (error: NodeJS.ErrnoException) =>
      resolve({ status: error.code ?? error.message, body: "" }),
    );
    sent.end(post);
  });
}

/** The gRPC status of a call by the stock client. */
function callGrpc(address: string, path: string, message: Buffer, { ca, client }: Side): Promise<number> {
  const made = new Client(
    address,
    credentials.createSsl(
      Buffer.from(ca),
      client === undefined ? null : Buffer.from(client.key),
      client === undefined ? null : Buffer.from(client.cert),
    ),
  );
  onTestFinished(() => made.close());
  const bytes = (value: Buffer): Buffer => value;
  return new Promise((resolve) => {
    made.makeUnaryRequest(path, bytes, bytes, message, { deadline: Date.now() + 10_000 }, ((
      error: ServiceError | null,
    ) => resolve(error?.code ?? 0)) as never);
  });
}

const services = "/jaeger.api_v3.QueryService/GetServices";

test(
  "with certificates, everything that listens speaks TLS, to the stock clients too; the product's own ways stay",
  { timeout: 60_000 },
  async () => {
    const { ca, sign } = newAuthority();
    const server = sign("server", serverNames);
    const { addresses, own } = await start({
      cert: server.certFile,
      key: server.keyFile,
      clientCa: undefined,
    });
    const side = { ca };
    for (const address of [addresses.otlpHttp, addresses.zipkin, addresses.jaegerThrift, addresses.console])
      expect(address).toMatch(/^https:/);
    expect((await ask(`${addresses.otlpHttp}/v1/traces`, side, body)).status).toBe(200);
    expect(await callGrpc(addresses.otlpGrpc, exportPath, body, side)).toBe(0);
    expect((await ask(`${addresses.console}/api/services`, side)).body).toContain("shop");
    expect(await callGrpc(addresses.queryGrpc, services, Buffer.alloc(0), side)).toBe(0);
    // Who does not know the authority goes away; who speaks no TLS is not understood.
    expect((await ask(`${addresses.console}/api/services`, { ca: newAuthority().ca })).status).toMatch(
      /CERT|SIGN/,
    );
    expect(await callGrpc(addresses.otlpGrpc, exportPath, body, { ca: newAuthority().ca })).toBe(14);
    await expect(fetch(addresses.otlpHttp.replace("https:", "http:"))).rejects.toThrow("fetch failed");
    // Beside them, on loopback, by a token.
    for (const url of [`${own.console}/api/services`, `${own.otlpHttp}/v1/traces`])
      expect(
        (
          await fetch(url, {
            method: url.endsWith("traces") ? "POST" : "GET",
            headers: { "content-type": "application/x-protobuf" },
          })
        ).status,
      ).toBe(401);
  },
);

test(
  "with an authority of clients, a certificate of theirs is what lets in; none, another's or an old one does not",
  { timeout: 60_000 },
  async () => {
    const authority = newAuthority();
    const server = authority.sign("server", serverNames);
    const { addresses } = await start(
      { cert: server.certFile, key: server.keyFile, clientCa: authority.caFile },
      "token",
    );
    const { ca } = authority;
    const known = { ca, client: authority.sign("agent", clientUse) };
    expect((await ask(`${addresses.otlpHttp}/v1/traces`, known, body)).status).toBe(200);
    expect((await ask(`${addresses.zipkin}/api/v2/spans`, known, Buffer.alloc(0))).status).toBe(202);
    expect(await callGrpc(addresses.otlpGrpc, exportPath, body, known)).toBe(0);
    expect((await ask(`${addresses.console}/api/services`, known)).status).toBe(200);
    expect(await callGrpc(addresses.queryGrpc, services, Buffer.alloc(0), known)).toBe(0);
    for (const client of [
      undefined,
      newAuthority().sign("stranger", clientUse),
      authority.sign("expired", clientUse, -1),
    ]) {
      const side = { ca, client };
      expect((await ask(`${addresses.otlpHttp}/v1/traces`, side, body)).status).toMatch(
        /ECONNRESET|ERR_SSL|EPIPE/,
      );
      expect((await ask(`${addresses.console}/api/services`, side)).status).toMatch(
        /ECONNRESET|ERR_SSL|EPIPE/,
      );
      expect(await callGrpc(addresses.otlpGrpc, exportPath, body, side)).toBe(14);
      expect(await callGrpc(addresses.queryGrpc, services, Buffer.alloc(0), side)).toBe(14);
    }
  },
);

test(
  "a certificate that names a tenant is bound to it, over every protocol; one that names two is refused",
  { timeout: 60_000 },
  async () => {
    const authority = newAuthority();
    const server = authority.sign("server", serverNames);
    const { addresses } = await start(
      { cert: server.certFile, key: server.keyFile, clientCa: authority.caFile },
      "token",
    );
    const sideOf = (name: string, ...tenants: string[]): Side => ({
      ca: authority.ca,
      client: authority.sign(
        name,
        `${clientUse}\nsubjectAltName=${tenants.map((tenant) => `URI:urn:throughline:tenant:${tenant}`).join(",")}`,
      ),
    });
    const [acme, globex] = [sideOf("a", "acme"), sideOf("g", "globex")];
    expect((await ask(`${addresses.otlpHttp}/v1/traces`, acme, body)).status).toBe(200);
    expect(await callGrpc(addresses.otlpGrpc, exportPath, body, globex)).toBe(0);
    const traces = async (side: Side): Promise<string> =>
      (await ask(`${addresses.console}/api/throughline/export?format=otlp-json`, side)).body;
    expect(await traces(acme)).toContain('"acme"');
    expect(await traces(acme)).not.toContain('"globex"');
    expect(await traces(globex)).not.toContain('"acme"');
    const both = sideOf("b", "acme", "globex");
    expect((await ask(`${addresses.otlpHttp}/v1/traces`, both, body)).status).toBe(401);
    expect((await ask(`${addresses.console}/api/services`, both)).status).toBe(401);
  },
);

test(
  "a new certificate is used without a restart; a wrong one leaves the old in use",
  { timeout: 60_000 },
  async () => {
    const authority = newAuthority();
    const [first, second] = [authority.sign("first", serverNames), authority.sign("second", serverNames)];
    const files = newAuthority().sign("files", serverNames);
    const put = (from: TestCertificate): void => {
      copyFileSync(from.certFile, files.certFile);
      copyFileSync(from.keyFile, files.keyFile);
    };
    put(first);
    const { addresses } = await start({ cert: files.certFile, key: files.keyFile, clientCa: undefined });
    const nameOf = (url: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(url);
        const socket = connectTls(
          { host: hostname, port: Number(port), ca: authority.ca, ALPNProtocols: ["h2", "http/1.1"] },
          () => {
            resolve(String(socket.getPeerCertificate().subject.CN));
            socket.end();
          },
        );
        socket.on("error", reject);
      });
    const all = [
      addresses.otlpHttp,
      addresses.console,
      `https://${addresses.otlpGrpc}`,
      `https://${addresses.queryGrpc}`,
    ];
    for (const url of all) expect(await nameOf(url)).toBe("first");
    copyFileSync(authority.caFile, files.keyFile);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await nameOf(addresses.otlpHttp)).toBe("first");
    put(second);
    for (const url of all) await expect.poll(() => nameOf(url), { timeout: 20_000 }).toBe("second");
  },
);

test.each([
  ["a file that is not there", (good: TestCertificate) => ({ cert: "/nowhere.pem", key: good.keyFile })],
  [
    "a key of another certificate",
    (good: TestCertificate, other: TestCertificate) => ({ cert: good.certFile, key: other.keyFile }),
  ],
  ["no PEM", () => ({ cert: "/etc/hostname", key: "/etc/hostname" })],
])("%s stops the start and is named", { timeout: 60_000 }, async (_what, files) => {
  const { sign } = newAuthority();
  const { cert, key } = files(sign("good", serverNames), sign("other", serverNames));
  await expect(start({ cert, key, clientCa: undefined })).rejects.toMatchObject({
    code: "TL_SETTING_INVALID",
    message: expect.stringContaining(cert),
  });
});
