import { connect } from "node:net";
import { expect, test } from "vitest";
import { hex, postSigned, raw, startReceiver, ticket } from "./door.ts";
import { until } from "./harness.ts";

const request = (
  body: string,
  headers: readonly string[] = [],
  line = "POST /webhook/servicedesk HTTP/1.1",
) =>
  [
    line,
    "host: x",
    "content-type: application/json",
    `x-signature: ${hex("sha256", body)}`,
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
    "",
    body,
  ].join("\r\n");
const close = "connection: close";

async function code(url: string, bytes: string | Buffer | readonly string[]): Promise<string> {
  const answer = await raw(url, bytes);
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head).toMatch(/content-type: application\/problem\+json/i);
  const problem = JSON.parse(body) as { code: string; status: number; remedy: string };
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${problem.status} `));
  return problem.code;
}

test("what is too large, too deep, too slow or no HTTP is refused as a problem, and the receiver goes on", async () => {
  const { url, receiver } = await startReceiver({
    flags: [
      "--webhook-header-timeout",
      "700ms",
      "--webhook-body-timeout",
      "1500ms",
      "--webhook-max-body",
      "20kB",
    ],
  });
  const big = ticket({ description: "x".repeat(30_000) });
  expect(await code(url, request(big, [close]))).toBe("TL_BODY_TOO_LARGE");
  const chunked = `POST /webhook/servicedesk HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n${close}\r\n\r\n`;
  expect(
    await code(url, [
      chunked,
      ...Array.from({ length: 4 }, () => `2000\r\n${"x".repeat(0x2000)}\r\n`),
      "0\r\n\r\n",
    ]),
  ).toBe("TL_BODY_TOO_LARGE");
  expect(await code(url, request(`{"a":${"[".repeat(70)}${"]".repeat(70)}}`, [close]))).toBe(
    "TL_BODY_TOO_DEEP",
  );
  const many = Array.from({ length: 120 }, (_, at) => `x-h${at}: 1`);
  expect(await code(url, request(ticket(), [close, ...many]))).toBe("TL_HEADERS_TOO_LARGE");
  expect(await code(url, request(ticket(), [close, `x-h: ${"a".repeat(20_000)}`]))).toBe(
    "TL_HEADERS_TOO_LARGE",
  );
  expect(await code(url, "hello there\r\n\r\n")).toBe("TL_REQUEST_MALFORMED");
  expect(await code(url, Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]))).toBe("TL_REQUEST_MALFORMED");
  expect(await code(url, request(ticket(), [close, "content-length: 5"]))).toBe("TL_REQUEST_MALFORMED");
  expect(await code(url, request(ticket(), [close, "transfer-encoding: chunked"]))).toBe(
    "TL_REQUEST_MALFORMED",
  );
  expect(await code(url, "POST /webhook/servicedesk HTTP/1.1\r\nhost: x\r\n")).toBe("TL_REQUEST_TIMEOUT");
  expect(await code(url, "")).toBe("TL_REQUEST_TIMEOUT");
  expect(await code(url, request(ticket()).slice(0, -20))).toBe("TL_REQUEST_TIMEOUT");
  expect((await postSigned(url, ticket())).status).toBe(202);

  const metrics = await (await fetch(`${receiver.address("admin")}/metrics`)).text();
  for (const reason of [
    "TL_BODY_TOO_LARGE",
    "TL_BODY_TOO_DEEP",
    "TL_HEADERS_TOO_LARGE",
    "TL_REQUEST_MALFORMED",
    "TL_REQUEST_TIMEOUT",
  ])
    expect(metrics).toMatch(new RegExp(`webhook_refusals_total\\{reason="${reason}"\\} [1-9]`));
});

test("other paths and methods are problems too", async () => {
  const { url } = await startReceiver();
  const answer = async (path: string, method: string) => {
    const response = await fetch(url + path, { method });
    const body = (await response.json()) as { code: string };
    return [response.status, body.code, response.headers.get("allow")];
  };
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/healthz`, { method: "HEAD" })).status).toBe(200);
  expect(await answer("/healthz", "POST")).toEqual([405, "TL_METHOD_NOT_ALLOWED", "GET, HEAD"]);
  for (const method of ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    expect(await answer("/webhook/servicedesk", method)).toEqual([405, "TL_METHOD_NOT_ALLOWED", "POST"]);
    expect(await answer("/webhook/servicedesk/resolved-ticket?tenant=acme", method)).toEqual([
      405,
      "TL_METHOD_NOT_ALLOWED",
      "POST",
    ]);
  }
  for (const path of [
    "/",
    "/metrics",
    "/readyz",
    "/admin/api/tenants",
    "/webhook",
    "/webhook/servicedesk/x",
    "/%ff",
    "//",
    "/webhook/servicedesk/",
  ])
    expect((await answer(path, "GET")).slice(0, 2)).toEqual(
      path === "/%ff" ? [400, "TL_BODY_UNREADABLE"] : [404, "TL_NOT_FOUND"],
    );
});

test("an address holds so many connections and no more", async () => {
  const { url } = await startReceiver({ flags: ["--webhook-connections-per-address", "3"] });
  const { hostname, port } = new URL(url);
  const open = () => connect({ host: hostname, port: Number(port) });
  const sockets = [open(), open(), open()];
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
  await until(
    "a fourth connection to be closed",
    async () => (await raw(url, "", 500)) === "" && (await isClosed(open())),
  );
  for (const socket of sockets) socket.destroy();
  await until("room again", async () => {
    const answered = await postSigned(url, ticket()).catch(() => undefined);
    return answered?.status === 202;
  });
});

function isClosed(socket: ReturnType<typeof connect>): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve(true));
    socket.on("error", () => undefined);
    setTimeout(() => resolve(false), 2_000);
  });
}

test("a tenant's rate: exact, by endpoint, with the draft's fields; none where it is set so", async () => {
  const limited = { settings: { webhook: { ratePerMinute: 4 } } };
  const { url } = await startReceiver({
    tenants: { acme: limited, other: limited, free: { settings: { webhook: { ratePerMinute: null } } } },
  });
  const send = (at: number, tenant = "acme") =>
    postSigned(url, ticket({ ticket_id: `R-${at}`, tenant_id: tenant }));
  for (let at = 0; at < 4; at++) {
    const { status, headers } = await send(at);
    expect(status).toBe(202);
    expect(headers.get("ratelimit-policy")).toBe('"tenant";q=4;w=60');
    expect(headers.get("ratelimit")).toMatch(new RegExp(`^"tenant";r=${3 - at};t=(60|5\\d)$`));
  }
  const over = await send(9);
  expect(over).toMatchObject({
    status: 429,
    body: { code: "TL_RATE_LIMITED", trace_id: expect.any(String) },
  });
  expect(over.headers.get("ratelimit")).toMatch(/^"tenant";r=0;t=(60|5\d)$/);
  expect(over.headers.get("retry-after")).toBe(/t=(\d+)/.exec(over.headers.get("ratelimit") ?? "")?.[1]);
  expect((await send(1, "other")).status).toBe(202);
  const resolved = JSON.stringify({
    tenant_id: "acme",
    ticket_id: "R-1",
    subject: "s",
    description: "d",
    resolution: "r",
  });
  expect((await postSigned(url, resolved, {}, "/webhook/servicedesk/resolved-ticket")).status).toBe(200);
  const free = await Promise.all(Array.from({ length: 150 }, (_, at) => send(at, "free")));
  expect(free.every(({ status, headers }) => status === 202 && headers.get("ratelimit") === null)).toBe(true);
});

test("more at once than is answered in time is refused with 503 and when to come again; the rest is accepted", async () => {
  const { url } = await startReceiver();
  let at = 0;
  const pipelined = () =>
    Array.from({ length: 150 }, () => request(ticket({ ticket_id: `O-${at++}` }))).join("");
  await until("load to be shed", async () => {
    const answers = (await Promise.all(Array.from({ length: 6 }, () => raw(url, pipelined(), 3_000)))).join(
      "",
    );
    const statuses = [...answers.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
    expect(new Set(statuses).has("202")).toBe(true);
    expect(statuses.filter((status) => status !== "202" && status !== "503")).toEqual([]);
    const isShed = answers.includes("TL_RECEIVER_OVERLOADED");
    expect(isShed).toBe(/retry-after: 1\r\n/.test(answers));
    return isShed;
  });
  expect((await postSigned(url, ticket({ ticket_id: "AFTER-1" }))).status).toBe(202);
});

test("refusals are a few log lines, not a flood", async () => {
  const { url, receiver } = await startReceiver({ flags: ["--webhook-failures-per-minute", "100000"] });
  await Promise.all(Array.from({ length: 300 }, () => postSigned(url, ticket({ tenant_id: "nobody" }))));
  await receiver.end();
  const lines = receiver
    .output()
    .split("\n")
    .filter((line) => line.includes("TL_TENANT_UNKNOWN"));
  expect(lines.length).toBeLessThanOrEqual(4);
  expect(lines.join("\n")).toContain('"more":299');
});

test("SIGTERM: what is under way is answered, what comes late is cut off within a bound", async () => {
  const { url, receiver } = await startReceiver();
  const body = ticket({ ticket_id: "LATE-1" });
  const whole = request(body);
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("error", () => undefined);
  socket.write(whole.slice(0, -10));
  const stuck = raw(url, whole.slice(0, -10));
  await until("both to be under way", async () => (await fetch(`${url}/healthz`)).ok);
  const started = Date.now();
  const ended = receiver.end();
  await until(
    "no new connections",
    async () =>
      !(await fetch(`${url}/healthz`).then(
        () => true,
        () => false,
      )),
  );
  socket.write(whole.slice(-10));
  await until("the answer", () => text.includes("HTTP/1.1 202"));
  expect(await ended).toBe(0);
  expect(Date.now() - started).toBeLessThan(15_000);
  await stuck;
});
