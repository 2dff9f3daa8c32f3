import type { TicketStory, TicketView } from "@throughline/api";
import { readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
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

async function tickets(
  console: string,
  query = "",
  headers: Record<string, string> = {},
): Promise<TicketView[]> {
  const response = await fetch(`${console}/admin/api/tickets${query}`, { headers });
  expect(response.status).toBe(200);
  return ((await response.json()) as { tickets: TicketView[] }).tickets;
}

const json = { "content-type": "application/json" };
const post = (url: string, headers: Record<string, string> = json) =>
  fetch(url, { method: "POST", headers, body: "{}" });
const codeOf = async (response: Response) => [
  response.status,
  ((await response.json()) as { code: string }).code,
];

test("tickets are under the console's origin, failed and slow ones first where that is asked for", async () => {
  const demo = await start(["demo"], { data: await temporaryDirectory() });
  const console = demo.address("console");
  await until("three tickets to end", async () => {
    const found = await tickets(console);
    return found.length === 3 && found.every(({ status }) => status === "success" || status === "failed");
  });
  const ids = async (query: string) => (await tickets(console, query)).map(({ ticketId }) => ticketId);
  expect((await ids(""))[0]).toBe("DEMO-900");
  expect((await ids("?order=failed"))[0]).toBe("DEMO-403");
  expect((await ids("?order=slow"))[0]).toBe("DEMO-900");
  expect(await ids("?status=failed")).toEqual(["DEMO-403"]);
  expect(await ids("?tenant=acme")).toEqual([]);
  const [failed] = await tickets(console, "?ticket=DEMO-403");
  expect(failed).toMatchObject({ status: "failed", priority: "medium", feedback: { up: 0, down: 0 } });
  expect(failed?.latency["total"]).toBeGreaterThan(0);

  const page = await fetch(`${console}/admin/api/tickets?limit=2`);
  const { nextCursor } = (await page.json()) as { nextCursor: string };
  expect(await ids(`?limit=2&cursor=${nextCursor}`)).toHaveLength(1);

  const story = (await (await fetch(`${console}/admin/api/tickets/demo/DEMO-403`)).json()) as TicketStory;
  expect(story.reason.code).toBe("failed");
  expect(story.reason.text).toContain("403");
  expect(story.jobs).toHaveLength(1);
});

test("the console's origin changes nothing for pages of others, and manages no tenants without a token", async () => {
  const { up, data } = await startWithDesk();
  const console = up.address("console");
  const { job_id: jobId, trace_id: traceId } = await acceptTicket(up.address("webhook"), "T-1");
  await jobEnded(up.address("admin"), jobId);
  const erase = `${console}/admin/api/tickets/acme/T-1/erase`;
  expect(await codeOf(await post(erase, {}))).toEqual([415, "TL_MEDIA_TYPE_UNSUPPORTED"]);
  expect(await codeOf(await post(erase, { ...json, origin: "https://evil.example" }))).toEqual([
    403,
    "TL_HOST_REFUSED",
  ]);
  expect(await codeOf(await post(erase, { ...json, "sec-fetch-site": "cross-site" }))).toEqual([
    403,
    "TL_HOST_REFUSED",
  ]);
  expect(await codeOf(await fetch(`${console}/admin/api/tenants`))).toEqual([403, "TL_TOKEN_SCOPE"]);
  expect(await tickets(console)).toHaveLength(1);

  expect(await (await post(erase, { ...json, origin: console })).json()).toEqual({
    jobs: 1,
    enhancements: 1,
    history: 0,
  });
  expect(await tickets(console)).toEqual([]);
  const { stdout } = await run(["audit", "list", "--data", data]);
  expect(stdout).toMatch(/console.*ticket\.erased.*acme/);
  const traces = await fetch(`${console}/api/throughline/erase`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ tenant: "acme", ticket: "T-1" }),
  });
  expect(((await traces.json()) as { traces: number }).traces).toBe(1);
  expect((await fetch(`${console}/api/throughline/traces/${traceId}`)).status).toBe(404);
});

test("`traces` passes on to an enhancer elsewhere what somebody asks for, with no more than his rights and tenant", async () => {
  const { up, data } = await startWithDesk();
  const { job_id: jobId } = await acceptTicket(up.address("webhook"), "T-1");
  await jobEnded(up.address("admin"), jobId);
  const bridge = await runJson<{ token: string }>([
    "token",
    "add",
    "bridge",
    "--scope",
    "admin",
    "--data",
    data,
  ]);
  const elsewhere = await temporaryDirectory();
  const tokenFile = join(elsewhere, "token");
  await writeFile(tokenFile, `${bridge.token}\n`);
  const backend = await start(
    ["traces", "--enhancer", up.address("admin"), "--enhancer-token-file", tokenFile],
    { data: elsewhere },
  );
  const console = backend.address("console");
  expect((await tickets(console)).map(({ ticketId }) => ticketId)).toEqual(["T-1"]);
  expect((await fetch(`${console}/admin/api/jobs/${jobId}`)).status).toBe(200);
  // Of somebody without a token, even though the bridge's own could.
  expect(await codeOf(await fetch(`${console}/admin/api/tenants`))).toEqual([403, "TL_TOKEN_SCOPE"]);

  const add = (name: string, tenant: string) =>
    runJson<{ token: string }>([
      "token",
      "add",
      name,
      "--scope",
      "read",
      "--tenant",
      tenant,
      "--data",
      elsewhere,
    ]);
  const acme = { authorization: `Bearer ${(await add("acme-reader", "acme")).token}` };
  const globex = { authorization: `Bearer ${(await add("globex-reader", "globex")).token}` };
  expect(await tickets(console, "", acme)).toHaveLength(1);
  expect(await tickets(console, "", globex)).toEqual([]);
  const retry = `${console}/admin/api/jobs/${jobId}/rerun`;
  expect(await codeOf(await post(retry, { ...json, ...acme }))).toEqual([403, "TL_TOKEN_SCOPE"]);
  expect(
    await codeOf(await fetch(`${console}/admin/api/tickets`, { headers: { authorization: "Bearer no" } })),
  ).toEqual([401, "TL_TOKEN_REFUSED"]);

  await up.end();
  expect(await codeOf(await fetch(`${console}/admin/api/tickets`))).toEqual([502, "TL_ENHANCER_UNREACHABLE"]);
});

test("`traces` alone says that no enhancer is connected; a token file that is not there stops its start", async () => {
  const data = await temporaryDirectory();
  const backend = await start(["traces"], { data });
  expect(await codeOf(await fetch(`${backend.address("console")}/admin/api/tickets`))).toEqual([
    404,
    "TL_ENHANCER_ABSENT",
  ]);
  await backend.end();
  const absent = ["--enhancer", "http://127.0.0.1:8001", "--enhancer-token-file", join(data, "absent")];
  const { code, stderr } = await run(["traces", ...absent, "--data", data]);
  expect(code).toBe(2);
  expect(stderr).toContain("--enhancer-token-file");
});

test("an enhancer on the same data directory is asked with a token that `traces` makes once; another refuses it", async () => {
  const data = await temporaryDirectory();
  const receiver = await start(["receiver"], { data });
  const traces = () => start(["traces", "--enhancer", receiver.address("admin")], { data });
  const [first, tokens] = [await traces(), () => readFileSync(join(data, "tokens.json"), "utf8")];
  const made = tokens();
  expect((await fetch(`${first.address("console")}/admin/api/tickets`)).status).toBe(200);
  expect(statSync(join(data, "console.token")).mode & 0o777).toBe(0o600);
  await first.end();
  const again = await traces();
  expect(tokens()).toBe(made);
  await again.end();
  // Revoked: the next start makes another.
  const [{ id } = { id: "" }] = (JSON.parse(made) as { tokens: { id: string }[] }).tokens;
  expect((await run(["token", "revoke", id, "--data", data])).code).toBe(0);
  const renewed = await traces();
  expect((await fetch(`${renewed.address("console")}/admin/api/tickets`)).status).toBe(200);

  const elsewhere = await start(["traces", "--enhancer", receiver.address("admin")], {
    data: await temporaryDirectory(),
  });
  const refused = await fetch(`${elsewhere.address("console")}/admin/api/tickets`);
  expect(refused.status).toBe(502);
  expect(await refused.text()).toContain("data directory");
});
