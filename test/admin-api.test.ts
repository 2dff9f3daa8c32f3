import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";
import {
  acceptTicket,
  adminFetch,
  jobEnded,
  named,
  runJson,
  startWithDesk,
  traceWith,
  until,
} from "./harness.ts";

interface Operation {
  method: string;
  path: string;
  scope: string;
}

/** What the instance itself says that it serves. */
async function operationsOf(admin: string): Promise<Operation[]> {
  const { paths } = (await (await fetch(`${admin}/admin/api/openapi.json`)).json()) as {
    paths: Record<string, Record<string, { description: string }>>;
  };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { description }]) => ({
      method: method.toUpperCase(),
      path,
      scope: /scope `(\w+)`/.exec(description)?.[1] ?? "",
    })),
  );
}

const parts: Readonly<Record<string, string>> = { tenant: "acme" };

test("every operation of the OpenAPI document refuses no token, wrong ones, expired ones, too small ones and other tenants'", async () => {
  const { up, data } = await startWithDesk();
  const admin = up.address("admin");
  const operations = await operationsOf(admin);
  expect(operations.length).toBeGreaterThanOrEqual(11);
  const [first] = operations as [Operation];
  const token = async (name: string, ...flags: string[]) =>
    (await runJson<{ token: string }>(["token", "add", name, ...flags, "--data", data])).token;
  const expired = await token("old", "--scope", "admin", "--expires", "1s");
  const ingest = await token("sender", "--scope", "ingest");
  const read = await token("reader", "--scope", "read");
  const other = await token("other", "--scope", "admin", "--tenant", "beta");
  const ask = async ({ method, path }: Operation, authorization?: string) => {
    const url = admin + path.replace(/\{(\w+)\}/g, (_, name: string) => parts[name] ?? "none");
    const response = await fetch(url, {
      method,
      headers: authorization === undefined ? {} : { authorization },
    });
    const { code, trace_id: traceId } = (await response.json()) as { code: string; trace_id: string };
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    return { status: response.status, code };
  };
  await until("the tokens to be known", async () => (await ask(first, `Bearer ${read}`)).status !== 401);
  for (const operation of operations) {
    const refused = [
      [undefined, 401, "TL_TOKEN_REQUIRED"],
      [`Bearer ${expired}`, 401, "TL_TOKEN_REFUSED"],
      [`Basic ${read}`, 401, "TL_TOKEN_REFUSED"],
      [`Bearer ${ingest}`, 403, "TL_TOKEN_SCOPE"],
      ...(operation.scope === "read" ? [] : [[`Bearer ${read}`, 403, "TL_TOKEN_SCOPE"] as const]),
      ...(operation.path.includes("/tenants/{tenant}")
        ? [[`Bearer ${other}`, 403, "TL_TOKEN_TENANT"] as const]
        : []),
    ] as const;
    for (const [authorization, status, code] of refused) {
      const what = `${operation.method} ${operation.path} ${code}`;
      expect(await ask(operation, authorization), what).toEqual({ status, code });
    }
  }
  // Whoever goes on guessing waits; who is known does not.
  await until("the address to wait", async () => (await ask(first, "Bearer guess")).status === 429);
  expect((await adminFetch(admin, "/tenants")).status).toBe(200);
});

test("jobs and enhancements come page by page, and by status and time", async () => {
  const { up } = await startWithDesk();
  const admin = up.address("admin");
  const ids: string[] = [];
  for (const ticket of ["PAGE-1", "PAGE-2", "PAGE-3"]) {
    const { job_id: id } = await acceptTicket(up.address("webhook"), ticket);
    await jobEnded(admin, id);
    ids.unshift(id);
  }
  interface Page {
    jobs?: { id: string; enqueuedAt: string }[];
    enhancements?: { jobId: string; createdAt: string }[];
    nextCursor: string | null;
  }
  const get = async (path: string) => (await (await adminFetch(admin, path)).json()) as Page;
  const pages = async (path: string) => {
    const shown: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Page = await get(`${path}limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`);
      shown.push(
        ...(page.jobs ?? []).map(({ id }) => id),
        ...(page.enhancements ?? []).map(({ jobId }) => jobId),
      );
      cursor = page.nextCursor;
    }
    return shown;
  };
  expect(await pages("/jobs?")).toEqual(ids);
  expect(await pages("/jobs?status=success&state=done&")).toEqual(ids);
  expect(await pages("/jobs?status=failed&")).toEqual([]);
  expect(await pages("/enhancements?")).toEqual(ids);
  const middle = (await get("/jobs?ticket=PAGE-2")).jobs?.[0]?.enqueuedAt ?? "";
  expect(await pages(`/jobs?since=${middle}&`)).toEqual(ids.slice(0, 2));
  expect(await pages(`/jobs?until=${middle}&`)).toEqual(ids.slice(2));
  const written = (await get("/enhancements?ticket=PAGE-2")).enhancements?.[0]?.createdAt ?? "";
  expect(await pages(`/enhancements?since=${written}&status=success&`)).toEqual(ids.slice(0, 2));
  expect(await pages(`/enhancements?until=${written}&`)).toEqual(ids.slice(2));
  expect((await adminFetch(admin, "/jobs?cursor=none")).status).toBe(400);
  expect((await adminFetch(admin, "/jobs?since=yesterday")).status).toBe(400);
});

test("the OpenAPI document is valid, needs no token, and says of each operation who may use it", async () => {
  const { up } = await startWithDesk();
  const response = await fetch(`${up.address("admin")}/admin/api/openapi.json`);
  const document = (await response.json()) as Record<string, unknown>;
  const { valid, errors } = await new Validator().validate(document);
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
  for (const { scope, method, path } of await operationsOf(up.address("admin")))
    expect(["read", "write", "admin"], `${method} ${path}`).toContain(scope);
});

test("a tenant is added, changed under its entity tag and shown; a token of a tenant sees that tenant only", async () => {
  const { up, data } = await startWithDesk();
  const admin = up.address("admin");
  const json = { "content-type": "application/json" };
  const made = await adminFetch(admin, "/tenants", {
    method: "POST",
    headers: json,
    body: JSON.stringify({
      id: "beta",
      settings: { desk: { kind: "zammad", url: "https://help.example.com" } },
      secrets: { webhook: "canary-webhook-secret", deskKey: "canary-desk" },
    }),
  });
  expect(made.status).toBe(201);
  const text = await made.text();
  expect(text).not.toContain("canary");
  const etag = made.headers.get("etag") ?? "";
  const patch = (body: object, headers: Record<string, string> = {}) =>
    adminFetch(admin, "/tenants/beta", {
      method: "PATCH",
      headers: { ...json, ...headers },
      body: JSON.stringify(body),
    });
  expect((await patch({ settings: { note: { mode: "draft" } } }, { "if-match": etag })).status).toBe(200);
  const stale = await patch({ settings: { note: { mode: "shadow" } } }, { "if-match": etag });
  expect(stale.status).toBe(412);
  expect(await stale.json()).toMatchObject({ code: "TL_REVISION_STALE" });
  const wrong = await patch({ settings: { note: { mode: "loud" } } });
  expect(wrong.status).toBe(422);
  const problem = (await wrong.json()) as { errors: { field: string }[]; trace_id: string };
  expect(problem.errors[0]?.field).toBe("settings.note.mode");
  const spans = await traceWith(up.address("console"), problem.trace_id, (found) => found.length > 0);
  expect(named(spans, "PATCH /admin/api/tenants/{tenant}")).toHaveLength(1);
  expect(await (await adminFetch(admin, "/tenants/beta")).json()).toMatchObject({
    id: "beta",
    settings: { note: { mode: "draft" }, desk: { kind: "zammad" } },
  });
  const rotated = await adminFetch(admin, "/tenants/beta/rotate-secret", {
    method: "POST",
    headers: json,
    body: JSON.stringify({ graceSeconds: 60 }),
  });
  const { secret } = (await rotated.json()) as { secret: string };
  expect(secret.length).toBeGreaterThan(30);
  expect(await (await adminFetch(admin, "/tenants/beta/secrets")).json()).toEqual({
    secrets: { webhook: `...${secret.slice(-4)}`, deskKey: "set" },
    previousWebhookValidUntil: expect.any(String),
  });
  const audit = await (await adminFetch(admin, "/audit?tenant=beta&limit=2")).text();
  expect(JSON.parse(audit)).toMatchObject({
    entries: [
      { action: "tenant.secret_rotated", actor: "this instance" },
      { changes: [{ field: "note.mode", old: "automatic", new: "draft" }] },
    ],
    nextCursor: expect.any(String),
  });
  expect(audit).not.toContain(secret);
  const page = (await (await adminFetch(admin, "/tenants?limit=1")).json()) as {
    tenants: { id: string }[];
    nextCursor: string;
  };
  expect(page.tenants.map(({ id }) => id)).toEqual(["acme"]);
  const rest = await adminFetch(admin, `/tenants?limit=1&cursor=${page.nextCursor}`);
  expect(await rest.json()).toMatchObject({ tenants: [{ id: "beta" }], nextCursor: null });

  const { token } = await runJson<{ token: string }>([
    "token",
    "add",
    "beta-team",
    "--scope",
    "admin",
    "--tenant",
    "beta",
    "--data",
    data,
  ]);
  const asBeta = async (path: string, method = "GET") =>
    fetch(`${admin}/admin/api${path}`, { method, headers: { authorization: `Bearer ${token}` } });
  await until("the token to be known", async () => (await asBeta("/tenants/beta")).status === 200);
  expect(await (await asBeta("/tenants")).json()).toMatchObject({ tenants: [{ id: "beta" }] });
  const { job_id: job } = await acceptTicket(up.address("webhook"), "OTHERS-1");
  await jobEnded(admin, job);
  expect(await (await asBeta("/jobs")).json()).toEqual({ jobs: [], nextCursor: null });
  expect((await asBeta(`/jobs/${job}`)).status).toBe(404);
  expect((await asBeta("/queue/pause", "POST")).status).toBe(403);
  expect(await (await asBeta("/queue/pause?tenant=beta", "POST")).json()).toEqual({
    paused: true,
    tenant: "beta",
  });
  expect(up.output()).not.toContain("canary");
});
