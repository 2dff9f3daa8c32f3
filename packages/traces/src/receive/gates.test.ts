import { expect, test } from "vitest";
import { type Access, Gate } from "../access.ts";
import { encodeBatch } from "../store/batch-encoding.ts";
import { exampleSpan } from "../store/example-spans.ts";
import { call, connectTo, frame } from "./grpc-call.ts";
import { startAllReceivers } from "./start-receivers.ts";

const exportPath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const anybody = { tenant: undefined, limits: { spansPerSecond: undefined, bytesPerSecond: undefined } };
const access: Access = {
  authenticate: (token) =>
    Promise.resolve(
      token === "sender"
        ? { id: "1", name: "sender", scopes: ["ingest"], ...anybody }
        : token === "reader"
          ? { id: "2", name: "reader", scopes: ["read"], ...anybody }
          : undefined,
    ),
};
const body = encodeBatch([exampleSpan()]);

test("OTLP over gRPC says with its own statuses what is wrong with a token, and health needs none", async () => {
  const { addresses, store } = await startAllReceivers({ gate: new Gate(access, true) });
  const client = connectTo(`http://${addresses.otlpGrpc}`);
  const statusWith = async (authorization?: string): Promise<string | undefined> =>
    (await call(client, exportPath, frame(body), authorization === undefined ? {} : { authorization }))
      .status;
  expect(await statusWith()).toBe("16");
  expect(await statusWith("Bearer other")).toBe("16");
  expect(await statusWith("Basic c2VuZGVy")).toBe("16");
  expect(await statusWith("Bearer reader")).toBe("7");
  expect(await store.reader.services()).toEqual([]);
  expect(await statusWith("Bearer sender")).toBe("0");
  expect((await call(client, "/grpc.health.v1.Health/Check", frame(new Uint8Array()))).status).toBe("0");
});

test("over HTTP a missing token is asked for before the body is read", async () => {
  const { addresses } = await startAllReceivers({ gate: new Gate(access, true) });
  for (const url of [`${addresses.otlpHttp}/v1/traces`, `${addresses.zipkin}/api/v2/spans`]) {
    const answer = await fetch(url, {
      method: "POST",
      body: "{",
      headers: { "content-type": "application/json" },
    });
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  }
});

test("where none is asked for, a token that is sent is looked at all the same", async () => {
  const { addresses } = await startAllReceivers({ gate: new Gate(access, false) });
  const send = async (authorization: string): Promise<number> =>
    (
      await fetch(`${addresses.otlpHttp}/v1/traces`, {
        method: "POST",
        body,
        headers: { "content-type": "application/x-protobuf", authorization },
      })
    ).status;
  expect(await send("Bearer sender")).toBe(200);
  expect(await send("Bearer revoked")).toBe(401);
  expect(await send("Basic somebody")).toBe(200);
});
