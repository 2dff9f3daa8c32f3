import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createServiceDeskPlus } from "./adapter.ts";
import { createTokenSource } from "./oauth.ts";

const never = new AbortController().signal;
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

type Answer = (call: { path: string; body: string; authorization: string }, response: ServerResponse) => void;

async function serve(answer: Answer): Promise<string> {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () =>
      answer({ path: request.url ?? "", body, authorization: request.headers.authorization ?? "" }, response),
    );
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const sourceAt = (accountsUrl: string, now: () => number = Date.now) =>
  createTokenSource({ accountsUrl, clientId: "id", clientSecret: "secret", refreshToken: "refresh", now });

function json(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

test("many calls at once need one refresh, and its token serves them for its hour", async () => {
  let refreshes = 0;
  let nowMs = 0;
  const url = await serve(({ path, body }, response) => {
    expect(path).toBe("/oauth/v2/token");
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: "refresh_token",
      client_id: "id",
      client_secret: "secret",
      refresh_token: "refresh",
    });
    json(response, { access_token: `t${++refreshes}`, expires_in: 3_600 });
  });
  const source = sourceAt(url, () => nowMs);
  expect(await Promise.all(Array.from({ length: 20 }, () => source.token(never)))).toEqual(
    Array.from({ length: 20 }, () => "t1"),
  );
  nowMs = 50 * 60_000;
  expect(await source.token(never)).toBe("t1");
  nowMs = 60 * 60_000;
  expect(await source.token(never)).toBe("t2");
});

test("never more than five refreshes a minute: who needs a sixth is told to come later", async () => {
  let nowMs = 0;
  let refreshes = 0;
  const url = await serve((_call, response) => json(response, { access_token: `t${++refreshes}` }));
  const source = sourceAt(url, () => nowMs);
  for (let round = 0; round < 5; round++) source.refused(await source.token(never));
  nowMs = 20_000;
  await expect(source.token(never)).rejects.toMatchObject({ kind: "throttled", retryAfterMs: 40_000 });
  expect(refreshes).toBe(5);
  nowMs = 61_000;
  expect(await source.token(never)).toBe("t6");
});

test.each([
  [200, { error: "invalid_client" }, "permanent"],
  [200, { error: "invalid_code" }, "permanent"],
  [400, { error: "access_denied" }, "throttled"],
  [429, {}, "throttled"],
  [503, {}, "transient"],
])("a refusal %d %j is %s, and tells no secret", async (status, body, kind) => {
  const url = await serve((_call, response) => json(response, body, status));
  const error = await sourceAt(url)
    .token(never)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "DeskError", kind });
  for (const one of ["refresh=", "client_secret"]) expect((error as Error).message).not.toContain(one);
});

test("the cloud is asked with the token under its portal; one that is refused is not used again", async () => {
  let refreshes = 0;
  const seen: string[] = [];
  const url = await serve(({ path, authorization }, response) => {
    if (path === "/oauth/v2/token") return json(response, { access_token: `t${++refreshes}` });
    seen.push(`${path} ${authorization}`);
    if (authorization.endsWith("t1"))
      return json(
        response,
        { response_status: { status_code: 4000, messages: [{ status_code: 4022 }], status: "failed" } },
        401,
      );
    json(response, { response_status: { status_code: 2000 }, request: { id: "7" } });
  });
  const desk = createServiceDeskPlus({
    baseUrl: `${url}/app/itdesk`,
    credentials: { kind: "oauth", tokens: sourceAt(url) },
  });
  expect(await desk.getTicket("7", never)).toMatchObject({ id: "7" });
  expect(seen).toEqual([
    "/app/itdesk/api/v3/requests/7 Zoho-oauthtoken t1",
    "/app/itdesk/api/v3/requests/7 Zoho-oauthtoken t2",
  ]);
});
