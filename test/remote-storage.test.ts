import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { run, start, temporaryDirectory, until } from "./harness.ts";
import { freePort } from "./servers.ts";

const traceId = "5b8efff798038103d269b633813fc60c";
const nowMs = Date.now();

function otlp(name: string, spanId: string, more: object = {}) {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId,
                spanId,
                name,
                kind: 2,
                startTimeUnixNano: `${nowMs}000007`,
                endTimeUnixNano: `${nowMs + 20}000009`,
                attributes: [
                  { key: "password", value: { stringValue: "hunter2-never-leaves" } },
                  { key: "items", value: { intValue: "3" } },
                ],
                ...more,
              },
            ],
          },
        ],
      },
    ],
  });
}

const zipkin = JSON.stringify([
  {
    traceId,
    id: "00000000000000c1",
    parentId: "00000000000000a1",
    kind: "CLIENT",
    name: "call",
    timestamp: nowMs * 1_000 + 1_000,
    duration: 5_000,
    localEndpoint: { serviceName: "cart" },
    tags: { note: "AKIAIOSFODNN7EXAMPLE is my key" },
  },
]);

/** A batch of one span, binary protocol: process "stock", span "look". */
function thriftBatch(): Buffer {
  const i32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const i64 = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, value));
    return bytes;
  };
  const field = (type: number, id: number, value: Buffer): Buffer =>
    Buffer.concat([Buffer.of(type, id >> 8, id & 0xff), value]);
  const text = (value: string): Buffer => Buffer.concat([i32(value.length), Buffer.from(value)]);
  const stop = Buffer.of(0);
  const span = Buffer.concat([
    field(10, 1, i64(BigInt(`0x${traceId.slice(16)}`))),
    field(10, 2, i64(BigInt(`0x${traceId.slice(0, 16)}`))),
    field(10, 3, i64(0xd1n)),
    field(10, 4, i64(0xc1n)),
    field(11, 5, text("look")),
    field(8, 7, i32(1)),
    field(10, 8, i64(BigInt(nowMs) * 1_000n + 2_000n)),
    field(10, 9, i64(3_000n)),
    stop,
  ]);
  return Buffer.concat([
    field(12, 1, Buffer.concat([field(11, 1, text("stock")), stop])),
    field(15, 2, Buffer.concat([Buffer.of(12), i32(1), span])),
    stop,
  ]);
}

test(
  "receivers, redaction, APIs and console stand in front of a storage elsewhere",
  { timeout: 180_000 },
  async () => {
    const port = await freePort();
    const behind = await temporaryDirectory();
    const ports = [
      "admin",
      "console",
      "otlp-grpc",
      "otlp-http",
      "zipkin",
      "jaeger-thrift",
      "jaeger-compact",
      "jaeger-binary",
    ]
      .flatMap((part) => [`--${part}`, "127.0.0.1:0"])
      .concat("--query-grpc", `127.0.0.1:${port}`);
    const storage = await start(["traces"], { data: behind, ports });
    const front = await start(["traces", "--storage", `jaeger-grpc://127.0.0.1:${port}`], {
      data: await temporaryDirectory(),
    });
    const post = (part: string, path: string, type: string, body: string | Buffer) =>
      fetch(`${front.address(part)}${path}`, {
        method: "POST",
        headers: { "content-type": type },
        body: typeof body === "string" ? body : Uint8Array.from(body),
      });
    expect(
      (await post("otlpHttp", "/v1/traces", "application/json", otlp("serve", "00000000000000a1"))).status,
    ).toBe(200);
    expect((await post("zipkin", "/api/v2/spans", "application/json", zipkin)).status).toBe(202);
    expect((await post("jaegerThrift", "/api/traces", "application/x-thrift", thriftBatch())).status).toBe(
      202,
    );
    const json = async (of: { address: (part: string) => string }, path: string) =>
      (await fetch(`${of.address("console")}${path}`)).json() as Promise<Record<string, unknown>>;

    // Everything that was acknowledged is there, and nothing secret ever left.
    const stored = await json(storage, `/api/v3/traces/${traceId}`);
    expect(JSON.stringify(stored)).not.toMatch(/hunter2|AKIAIOSFODNN7EXAMPLE/);
    const view = await json(front, `/api/throughline/traces/${traceId}`);
    expect(
      (view["spans"] as { name: string; service: string }[]).map(({ name, service }) => [name, service]),
    ).toEqual([
      ["serve", "shop"],
      ["call", "cart"],
      ["look", "stock"],
    ]);
    for (const path of [
      `/api/v3/traces/${traceId}`,
      `/api/traces/${traceId}`,
      "/api/services",
      "/api/v3/operations?service=shop",
      "/api/traces?service=shop&tags=%7B%22items%22%3A%223%22%7D",
      `/api/throughline/attributes?end=${new Date(nowMs + 3_600_000).toISOString()}&start=${new Date(nowMs - 3_600_000).toISOString()}`,
      `/api/throughline/red?end=${new Date(nowMs + 3_600_000).toISOString()}&start=${new Date(nowMs - 3_600_000).toISOString()}`,
      `/api/dependencies?endTs=${nowMs + 3_600_000}`,
      `/api/metrics/calls?service=shop&endTs=${nowMs + 60_000}`,
    ])
      expect([path, await json(front, path)]).toEqual([path, await json(storage, path)]);
    const where = encodeURIComponent(":service = cart and not (:duration > 1s)");
    expect(await json(front, `/api/throughline/traces?where=${where}`)).toMatchObject({
      traces: [{ traceId, spanCount: 3 }],
    });

    // What that protocol has no call for.
    const archive = await fetch(`${front.address("console")}/api/archive/${traceId}`, { method: "POST" });
    expect([archive.status, await archive.text()]).toEqual([
      501,
      expect.stringContaining("cannot keep a trace"),
    ]);
    expect(await (await fetch(`${front.address("admin")}/api/storage`)).json()).toMatchObject({
      code: "TL_STORAGE_CANNOT",
    });
    expect((await fetch(`${front.address("admin")}/readyz`)).status).toBe(200);

    // Away: nothing is acknowledged, and senders are told to come back.
    await storage.end("SIGKILL");
    const refused = await post(
      "otlpHttp",
      "/v1/traces",
      "application/json",
      otlp("lost", "00000000000000a2"),
    );
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).not.toBeNull();
    const problem = await json(front, "/api/throughline/traces");
    expect(problem).toMatchObject({ status: 503, code: "TL_STORAGE_UNAVAILABLE" });
    const ready = await fetch(`${front.address("admin")}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining(`127.0.0.1:${port}`)]);

    // Back, with all that it had acknowledged.
    await start(["traces"], { data: behind, ports });
    await until(
      "the storage to be found again",
      async () =>
        (await post("otlpHttp", "/v1/traces", "application/json", otlp("found", "00000000000000a3")))
          .status === 200,
    );
    await until(
      "the front to be ready",
      async () => (await fetch(`${front.address("admin")}/readyz`)).status === 200,
    );
    const again = await json(front, `/api/throughline/traces/${traceId}`);
    expect((again["spans"] as { name: string }[]).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["serve", "call", "look", "found"]),
    );
  },
);

test("a storage's address and files are checked at the start", async () => {
  const data = await temporaryDirectory();
  const token = join(data, "token");
  await writeFile(token, "x");
  for (const wrong of [
    ["--storage", "cassandra://127.0.0.1:9042"],
    ["--storage", "jaeger-grpc://127.0.0.1"],
    ["--storage", "jaeger-grpc://127.0.0.1:1", "--storage-token-file", join(data, "none")],
    [
      "--storage",
      "jaeger-grpcs://127.0.0.1:1",
      "--storage-token-file",
      token,
      "--storage-ca-file",
      join(data, "none"),
    ],
  ]) {
    const { code, stderr } = await run(["traces", "--data", data, "--console", "127.0.0.1:0", ...wrong]);
    expect([wrong, code, stderr]).toEqual([wrong, 2, expect.stringContaining("TL_SETTING_INVALID")]);
  }
});
