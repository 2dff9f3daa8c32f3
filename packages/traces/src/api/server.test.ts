import { ThroughlineError } from "@throughline/api/errors";
import { connect, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import type { SpanReader } from "../query/reader.ts";
import { exampleSpan } from "../store/example-spans.ts";
import { mayServeHost } from "../host-guard.ts";
import { get, serverOver } from "./stored-traces.ts";

/** Sends one request as it stands, as a browser that was led astray would. */
function exchange(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(request));
    let answer = "";
    socket.on("data", (bytes) => (answer += String(bytes)));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test("a loopback listener answers to loopback names only", async () => {
  const server = serverOver([exampleSpan()]);
  await server.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.server.address() as AddressInfo;
  const ask = (host: string) =>
    exchange(port, `GET /api/services HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  for (const host of ["localhost", `127.0.0.1:${port}`, "[::1]:1", "LOCALHOST:80"]) {
    expect([host, (await ask(host)).split("\r\n")[0]]).toEqual([host, "HTTP/1.1 200 OK"]);
  }
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example:80",
    "evil@localhost",
  ]) {
    const answer = await ask(host);
    expect([host, answer.split("\r\n")[0]]).toEqual([host, "HTTP/1.1 403 Forbidden"]);
    expect(answer).toContain("loopback names only");
    expect(answer).not.toContain("shop");
  }
});

test("a listener that others can reach answers to any name", () => {
  const at = (address: string): AddressInfo => ({ address, family: "IPv4", port: 1 });
  expect(mayServeHost("traces.example", at("0.0.0.0"))).toBe(true);
  expect(mayServeHost("traces.example", at("::"))).toBe(true);
  expect(mayServeHost("traces.example", at("::1"))).toBe(false);
  expect(mayServeHost("127.0.0.2:80", at("127.0.0.2"))).toBe(true);
});

test("what is not there is 404 in the words of each API, whatever the method", async () => {
  const server = serverOver([exampleSpan()]);
  for (const url of ["/api/none", "/api", "/api/", "/api/v3/none", "/api/traces/a/b", "/api/metrics/none"]) {
    const { status, type, body } = await get(server, url);
    expect([url, status, type, body]).toEqual([
      url,
      404,
      "text/plain; charset=utf-8",
      "404 page not found\n",
    ]);
  }
  for (const url of ["/api/throughline/none", "/api/throughline/"]) {
    const { status, type, body } = await get(server, url);
    expect([url, status, type]).toEqual([url, 404, "application/problem+json; charset=utf-8"]);
    expect(JSON.parse(body).code).toBe("TL_NOT_FOUND");
  }
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"] as const) {
    const payload =
      method === "OPTIONS" ? {} : { payload: "x".repeat(10_000), headers: { "content-type": "a/b" } };
    const { statusCode, body } = await server.inject({ method, url: "/api/traces", ...payload });
    expect([method, statusCode, body]).toEqual([method, 404, "404 page not found\n"]);
  }
});

test("HEAD is answered like GET, without the body", async () => {
  const server = serverOver([exampleSpan()]);
  const { statusCode, body, headers } = await server.inject({ method: "HEAD", url: "/api/services" });
  expect([statusCode, body, headers["content-length"]]).toEqual([200, "", "62"]);
});

test("a path that is not percent-encoded UTF-8 is 400 in every API", async () => {
  const server = serverOver([]);
  for (const url of [
    "/%zz",
    "/%ff",
    "/api/traces/%c3%28",
    "/api/v3/traces/%",
    "/api/throughline/traces/%e0%a4",
  ]) {
    expect([url, (await get(server, url)).status]).toEqual([url, 400]);
  }
});

test("a store that fails is an error in each API's form, without its inner words", async () => {
  const failing = (error: Error) => serverOver([], { reader: failingReader(error) });
  const unexpected = failing(new Error("secret path /x"));
  expect(JSON.parse((await get(unexpected, "/api/services")).body).errors).toEqual([
    { code: 500, msg: "The request could not be answered." },
  ]);
  const away = failing(new ThroughlineError("TL_TRACE_BACKEND_FAILED", "The store has ended."));
  expect(JSON.parse((await get(away, "/api/v3/services")).body)).toEqual({
    error: { httpCode: 503, message: "The store has ended." },
  });
  const problem = await get(away, "/api/throughline/traces/ab");
  expect([problem.status, JSON.parse(problem.body).code]).toEqual([503, "TL_TRACE_BACKEND_FAILED"]);
});

function failingReader(error: Error): SpanReader {
  const fail = async (): Promise<never> => {
    throw error;
  };
  return {
    traces: fail,
    columns: fail,
    search: fail,
    services: fail,
    operations: fail,
    attributeKeys: fail,
    attributeValues: fail,
    metrics: fail,
    red: fail,
    edges: fail,
  };
}
