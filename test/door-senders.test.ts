import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import {
  addTenants,
  type Answered,
  base64,
  doorSecret,
  hex,
  post,
  postSigned,
  startReceiver,
  ticket,
} from "./door.ts";
import { runJson } from "./harness.ts";

const jiraBody = JSON.stringify({
  webhookEvent: "jira:issue_created",
  issue: { key: "HELP-1", fields: { summary: "x" } },
});
const zendeskBody = JSON.stringify({
  type: "zen:event-type:ticket.created",
  detail: { id: "35436", subject: "x" },
});
const zammadBody = JSON.stringify({ ticket: { id: 81, title: "x" }, article: { body: "y" } });
const glpiBody = JSON.stringify({ event: "new", item: { id: 3, name: "x" } });
const freshBody = JSON.stringify({ ticket_id: "21", subject: "x" });
const scheme = (name: string, preset = "throughline", more: Record<string, unknown> = {}) => ({
  settings: { webhook: { scheme: name, preset, ratePerMinute: null, ...more } },
});
const refused = ({ status, body, headers }: Answered, expected: number, code: string) => {
  expect({ status, code: body.code }).toEqual({ status: expected, code });
  expect(headers.get("content-type")).toContain("application/problem+json");
  expect(body).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
    remedy: expect.any(String),
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
};

test("each scheme over a real socket: what is signed is taken, what is not is told so", async () => {
  const { url } = await startReceiver({
    tenants: {
      hmac: scheme("servicedesk-hmac"),
      standard: { secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ...scheme("standard-webhooks") },
      static: scheme("static-secret", "servicedesk-plus", { secretHeader: "X-Desk-Token" }),
      jira: scheme("jira", "jira"),
      zendesk: scheme("zendesk", "zendesk"),
      zammad: scheme("zammad", "zammad"),
      fresh: scheme("freshservice", "freshservice"),
      glpi: scheme("glpi", "glpi"),
    },
    env: { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
  });
  const now = Math.floor(Date.now() / 1_000);
  const iso = new Date().toISOString();
  const own = ticket({ tenant_id: "hmac" });
  const standardBody = ticket({ tenant_id: "standard" });
  const key = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
  const standard = (at: number) => ({
    "webhook-id": "msg_1",
    "webhook-timestamp": String(at),
    "webhook-signature": `v1,AAAA v1,${base64(key, `msg_1.${at}.${standardBody}`)}`,
  });
  const zendesk = (at: string) => ({
    "x-zendesk-webhook-signature-timestamp": at,
    "x-zendesk-webhook-signature": base64("canary-secret-of-the-front-door", at, zendeskBody),
  });
  const glpi = (at: number) => ({
    "x-glpi-timestamp": String(at),
    "x-glpi-signature": hex("sha256", glpiBody, String(at)),
  });
  const good: [string, string, Record<string, string>][] = [
    ["hmac", own, { "x-servicedesk-signature": `sha256=${hex("sha256", own)}` }],
    ["hmac", own, { "x-signature": hex("sha256", own).toUpperCase() }],
    ["standard", standardBody, standard(now)],
    ["static", freshBody, { "x-desk-token": "canary-secret-of-the-front-door" }],
    ["jira", jiraBody, { "x-hub-signature": `sha256=${hex("sha256", jiraBody)}` }],
    ["zendesk", zendeskBody, zendesk(iso)],
    ["zammad", zammadBody, { "x-hub-signature": `sha1=${hex("sha1", zammadBody)}` }],
    ["fresh", freshBody, { "x-webhook-secret": "canary-secret-of-the-front-door" }],
    ["glpi", glpiBody, glpi(now - 3_600)],
  ];
  for (const [id, body, headers] of good) {
    const answer = await post(url, body, headers, `/webhook/servicedesk?tenant=${id}`);
    expect(answer, id).toMatchObject({
      status: 202,
      body: { status: "accepted", job_id: expect.any(String) },
    });
    const wrong = Object.fromEntries(Object.keys(headers).map((name) => [name, "x"]));
    refused(await post(url, body, wrong, `/webhook/servicedesk?tenant=${id}`), 401, "TL_SIGNATURE_INVALID");
    refused(await post(url, body, {}, `/webhook/servicedesk?tenant=${id}`), 401, "TL_SIGNATURE_INVALID");
  }
  const stale: [string, string, Record<string, string>][] = [
    ["standard", standardBody, standard(now - 400)],
    ["standard", standardBody, standard(now + 400)],
    ["zendesk", zendeskBody, zendesk(new Date(Date.now() - 400_000).toISOString())],
    ["glpi", glpiBody, glpi(now - 100_000)],
  ];
  for (const [id, body, headers] of stale)
    refused(await post(url, body, headers, `/webhook/servicedesk?tenant=${id}`), 401, "TL_SIGNATURE_STALE");
});

test("the tenant is the body's, then the header's, then the address's, then the only one", async () => {
  const { url, data } = await startReceiver({ tenants: { acme: {} } });
  const unnamed = ticket({ tenant_id: undefined });
  expect((await postSigned(url, unnamed)).status).toBe(202);
  await addTenants(data, { other: { secret: "another secret of another tenant" } });
  const code = async (body: string, headers = {}, path?: string) =>
    (await postSigned(url, body, headers, path)).body.code;
  await expect.poll(() => code(unnamed), { timeout: 10_000 }).toBe("TL_TENANT_MISSING");
  expect(await code(unnamed, { "x-tenant-id": "acme" })).toBeUndefined();
  expect(await code(unnamed, { "x-tenant-id": "other" })).toBe("TL_SIGNATURE_INVALID");
  expect(await code(ticket(), { "x-tenant-id": "other" })).toBeUndefined();
  expect(await code(unnamed, {}, "/webhook/servicedesk?tenant=acme")).toBeUndefined();
  expect(await code(unnamed, { "x-tenant-id": "nobody" }, "/webhook/servicedesk?tenant=acme")).toBe(
    "TL_TENANT_UNKNOWN",
  );
});

test("addresses: only those that the tenant allows, and a proxy is believed only where it is named", async () => {
  const only = (list: string[]) => ({
    settings: { webhook: { allowedAddresses: list, ratePerMinute: null } },
  });
  const tenants = {
    here: only(["127.0.0.0/8", "::1"]),
    elsewhere: only(["203.0.113.0/24", "2001:db8::/32"]),
  };
  const open = await startReceiver({ tenants });
  const status = async (url: string, id: string, forwarded?: string) => {
    const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
    const { status: code, body } = await postSigned(url, ticket({ tenant_id: id }), headers);
    return body.code ?? code;
  };
  expect(await status(open.url, "here")).toBe(202);
  expect(await status(open.url, "here", "203.0.113.5")).toBe(202);
  expect(await status(open.url, "elsewhere", "203.0.113.5")).toBe("TL_ADDRESS_REFUSED");
  const behind = await startReceiver({ tenants, flags: ["--trusted-proxies", "127.0.0.1,10.0.0.0/8"] });
  expect(await status(behind.url, "elsewhere", "203.0.113.5")).toBe(202);
  expect(await status(behind.url, "elsewhere", "9.9.9.9, 203.0.113.5, 10.1.1.1")).toBe(202);
  expect(await status(behind.url, "elsewhere", "2001:db8::7")).toBe(202);
  expect(await status(behind.url, "elsewhere", "203.0.113.5, 9.9.9.9")).toBe("TL_ADDRESS_REFUSED");
  expect(await status(behind.url, "here", "203.0.113.5")).toBe("TL_ADDRESS_REFUSED");
});

test("guesses of tenants and signatures are limited by address, and nobody else is", async () => {
  const { url } = await startReceiver({ flags: ["--webhook-failures-per-minute", "5"] });
  for (let at = 0; at < 5; at++)
    expect((await postSigned(url, ticket({ tenant_id: `nobody-${at}` }))).body.code).toBe(
      "TL_TENANT_UNKNOWN",
    );
  for (const tenant of ["nobody-9", "acme"]) {
    const guess = await post(url, ticket({ tenant_id: tenant }), { "x-servicedesk-signature": "00" });
    refused(guess, 429, "TL_RATE_LIMITED");
    expect(Number(guess.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  expect((await postSigned(url, ticket())).status).toBe(202);
});

test("two secrets are good while one replaces the other", async () => {
  const { url, data } = await startReceiver();
  const { secret } = await runJson<{ secret: string }>(["tenant", "rotate-secret", "acme", "--data", data]);
  const signedBy = (key: string, body: string) => createHmac("sha256", key).update(body).digest("hex");
  const send = async (key: string, id: string) => {
    const body = ticket({ ticket_id: id });
    return (await post(url, body, { "x-servicedesk-signature": signedBy(key, body) })).status;
  };
  await expect.poll(() => send(secret, "NEW-1"), { timeout: 10_000 }).toBe(202);
  expect(await send(doorSecret, "OLD-1")).toBe(202);
  expect(await send("a third one that nobody gave out", "NO-1")).toBe(401);
});
