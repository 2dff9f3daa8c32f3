import { readFile } from "node:fs/promises";
import { get } from "node:https";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  acceptTicket,
  jobEnded,
  run,
  runJson,
  start,
  startWithDesk,
  temporaryDirectory,
  until,
} from "./harness.ts";
import { newAuthority } from "../packages/traces/src/test-certificates.ts";

interface Made {
  id: string;
  token: string;
}

const asJson = { "content-type": "application/json" };
const oneSpan = JSON.stringify({
  resourceSpans: [
    { scopeSpans: [{ spans: [{ traceId: "a".repeat(32), spanId: "b".repeat(16), name: "work" }] }] },
  ],
});

async function statusOf(url: string, token?: string, init: RequestInit = {}): Promise<number> {
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { ...(init.headers as Record<string, string> | undefined), ...authorization };
  return (await fetch(url, { ...init, headers })).status;
}

test(
  "where tokens are asked for, each opens what its scope says until it is revoked; the product itself has its own",
  { timeout: 120_000 },
  async () => {
    const { up, data } = await startWithDesk({ args: ["--access", "token"] });
    const api = `${up.address("console")}/api/services`;
    const otlp = `${up.address("otlpHttp")}/v1/traces`;
    const send = (token?: string) =>
      statusOf(otlp, token, { method: "POST", headers: asJson, body: oneSpan });
    expect([await statusOf(api), await send()]).toEqual([401, 401]);
    expect(await statusOf(up.address("console"))).toBe(200);
    expect(await statusOf(`${up.address("otlpHttp")}/readiness`)).toBe(200);

    const add = (...args: string[]): Promise<Made> =>
      runJson<Made>(["token", "add", ...args, "--data", data]);
    const reader = await add("grafana", "--scope", "read", "--expires", "90d");
    const sender = await add("shop", "--scope", "ingest");
    await until("the tokens to be known", async () => (await statusOf(api, reader.token)) === 200);
    expect([await send(sender.token), await send(reader.token)]).toEqual([200, 403]);
    expect(await statusOf(api, sender.token)).toBe(403);
    const archive = `${up.address("console")}/api/archive/${"a".repeat(32)}`;
    expect(await statusOf(archive, reader.token, { method: "POST" })).toBe(403);
    expect(
      await statusOf(`${up.address("zipkin")}/api/v2/spans`, undefined, { method: "POST", body: "[]" }),
    ).toBe(401);
    expect(await statusOf(api, `${reader.token.slice(0, -1)}_`)).toBe(401);

    // A ticket's spans reach the backend, and the command line reads them.
    const { job_id: jobId } = await acceptTicket(up.address("webhook"), "TOKEN-1");
    await jobEnded(up.address("admin"), jobId);
    await until("the trace", async () => {
      const shown = await run(["trace", "TOKEN-1", "--data", data]);
      return shown.code === 0 && shown.stdout.includes("enhance_ticket");
    });

    const listed = await runJson<{ tokens: { id: string }[] }>(["token", "list", "--data", data]);
    expect(listed.tokens.map(({ id }) => id)).toEqual([reader.id, sender.id]);
    const file = await readFile(join(data, "tokens.json"), "utf8");
    for (const secret of [reader.token, sender.token]) {
      expect(JSON.stringify(listed) + file + up.output()).not.toContain(secret);
    }
    expect((await run(["token", "revoke", reader.id, "--data", data])).code).toBe(0);
    await until("the token to be refused", async () => (await statusOf(api, reader.token)) === 401);
    expect((await run(["token", "revoke", reader.id, "--data", data])).code).toBe(1);
  },
);

test(
  "beyond this machine a token is asked for, and datagrams are not taken",
  { timeout: 60_000 },
  async () => {
    const data = await temporaryDirectory();
    const traces = await start(["traces", "--console", "0.0.0.0:0", "--otlp-http", "0.0.0.0:0"], {
      data,
      ports: [
        "admin",
        "otlp-grpc",
        "zipkin",
        "query-grpc",
        "jaeger-thrift",
        "jaeger-compact",
        "jaeger-binary",
      ].flatMap((part) => [`--${part}`, "127.0.0.1:0"]),
    });
    const at = (part: string): string => traces.address(part).replace("0.0.0.0", "127.0.0.1");
    expect(await statusOf(`${at("console")}/api/services`)).toBe(401);
    expect(
      await statusOf(`${at("otlpHttp")}/v1/traces`, undefined, {
        method: "POST",
        headers: asJson,
        body: oneSpan,
      }),
    ).toBe(401);
    expect(await statusOf(`${at("zipkin")}/api/v2/spans`, undefined, { method: "POST", body: "[]" })).toBe(
      202,
    );
    const refused = await run(["traces", "--jaeger-compact", "0.0.0.0:0", "--data", join(data, "other")]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("datagrams carry no token");
  },
);

test.each([
  [["--scope", "everything"], "--scope"],
  [["--scope", "read", "--expires", "soon"], "--expires"],
  [["--scope", "ingest", "--tenant", "acme corp"], "--tenant"],
  [["--scope", "ingest", "--rate-spans", "0"], "--rate-spans"],
  [["--scope", "ingest", "--rate-bytes", "10"], "--rate-bytes"],
  [[], "--scope"],
])("token add %j names what is wrong", async (args, flag) => {
  const { code, stderr } = await run(["token", "add", "x", ...args, "--data", await temporaryDirectory()]);
  expect(code).toBe(2);
  expect(stderr).toContain(flag);
});

test("with TLS the product still reaches itself, and others by TLS", { timeout: 120_000 }, async () => {
  const { caFile, sign, ca } = newAuthority();
  const { certFile, keyFile } = sign("server", "subjectAltName=IP:127.0.0.1");
  const files = ["cert", certFile, "key", keyFile, "client-ca", caFile];
  const flags = ["--tls", "--console-tls"].flatMap((prefix) =>
    files.map((text, at) => (at % 2 === 0 ? `${prefix}-${text}` : text)),
  );
  const { up, data } = await startWithDesk({ args: flags });
  const { job_id: jobId } = await acceptTicket(up.address("webhook"), "TLS-1");
  await jobEnded(up.address("admin"), jobId);
  await until("the trace", async () => {
    const shown = await run(["trace", "TLS-1", "--data", data]);
    return shown.code === 0 && shown.stdout.includes("enhance_ticket");
  });
  const client = sign("client", "extendedKeyUsage=clientAuth");
  const status = (own: { cert?: string; key?: string }): Promise<number | string> =>
    new Promise((resolve) => {
      get(`${up.address("console")}/api/services`, { ca, ...own }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      }).on("error", (error) => resolve(error.message));
    });
  expect(await status({ cert: client.cert, key: client.key })).toBe(200);
  expect(await status({})).not.toBe(200);
  const half = await run(["traces", "--tls-cert", certFile, "--data", join(data, "other")]);
  expect(half.code).toBe(2);
  expect(half.stderr).toContain("--tls-key");
});
