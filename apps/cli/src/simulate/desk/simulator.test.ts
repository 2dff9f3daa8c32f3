import { mkdtemp, appendFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDeskSimulator, type Simulator, type SimulatorOptions } from "./simulator.ts";

let directory: string;
let desk: Simulator | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "throughline-desk-"));
});

afterEach(async () => {
  await desk?.stop();
  desk = undefined;
  await rm(directory, { recursive: true });
});

async function start(options: Partial<SimulatorOptions> = {}): Promise<string> {
  desk = await createDeskSimulator({
    listen: { host: "127.0.0.1", port: 0 },
    dataDirectory: directory,
    strict: false,
    faults: {},
    ...options,
  });
  return `${desk.url}/api/v3`;
}

function write(
  url: string,
  input: object,
  headers: Record<string, string> = { authtoken: "k" },
): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers,
    body: new URLSearchParams({ input_data: JSON.stringify(input) }),
  });
}

const note = { note: { description: "<p>hello</p>", show_to_requester: false } };

test("a note is written, listed, read and deleted; ids are strings, dates are pairs", async () => {
  const api = await start();
  const written = (await (await write(`${api}/requests/42/notes`, note)).json()) as {
    note: { id: string; created_time: object };
    response_status: object;
  };
  expect(written.response_status).toEqual({ status_code: 2000, status: "success" });
  expect(written.note).toMatchObject({
    id: expect.stringMatching(/^\d+$/),
    show_to_requester: false,
    created_time: { value: expect.stringMatching(/^\d+$/) },
  });
  const headers = { authtoken: "k" };
  const list = (await (await fetch(`${api}/requests/42/notes`, { headers })).json()) as {
    notes: object[];
    response_status: object[];
    list_info: object;
  };
  expect(list).toMatchObject({
    notes: [{ id: written.note.id }],
    response_status: [{ status_code: 2000 }],
    list_info: { has_more_rows: false },
  });
  expect((await fetch(`${api}/requests/42/notes/${written.note.id}`, { headers })).status).toBe(200);
  expect(
    (await fetch(`${api}/requests/42/notes/${written.note.id}`, { method: "DELETE", headers })).status,
  ).toBe(200);
  expect((await fetch(`${api}/requests/42/notes/${written.note.id}`, { headers })).status).toBe(404);
});

test("cloud clients write request_note under /app/<portal>", async () => {
  await start();
  const response = await write(`${desk?.url ?? ""}/app/itdesk/api/v3/requests/42/notes`, {
    request_note: { description: "x" },
  });
  expect(await response.json()).toMatchObject({ request_note: { description: "x" } });
});

test.each([
  ["authtoken", { authtoken: "right" }],
  ["Authorization: authtoken: KEY", { authorization: "authtoken: right" }],
  ["Authorization: Zoho-oauthtoken", { authorization: "Zoho-oauthtoken right" }],
])("the key is taken in the style %s", async (_style, headers) => {
  const api = await start({ key: "right" });
  expect((await fetch(`${api}/requests/42`, { headers: headers as Record<string, string> })).status).toBe(
    200,
  );
});

test("the key is taken from the query, a wrong or missing one is 4022", async () => {
  const api = await start({ key: "right" });
  expect((await fetch(`${api}/requests/42?TECHNICIAN_KEY=right`)).status).toBe(200);
  const refused = await fetch(`${api}/requests/42`, { headers: { authtoken: "wrong" } });
  expect(refused.status).toBe(401);
  expect(await refused.json()).toMatchObject({
    response_status: { status_code: 4000, messages: [{ status_code: 4022 }] },
  });
});

test("strict: an unknown request is 4007; otherwise it is made on first touch", async () => {
  const strict = await start({ strict: true });
  expect(await (await fetch(`${strict}/requests/42`, { headers: { authtoken: "k" } })).json()).toMatchObject({
    response_status: { messages: [{ status_code: 4007 }] },
  });
  await desk?.stop();
  const lenient = await start();
  expect(await (await fetch(`${lenient}/requests/42`, { headers: { authtoken: "k" } })).json()).toMatchObject(
    { request: { id: "42" } },
  );
});

test("what is missing or no JSON is told by code", async () => {
  const api = await start();
  expect(await (await write(`${api}/requests/42/notes`, { note: {} })).json()).toMatchObject({
    response_status: { messages: [{ status_code: 4012, field: "description" }] },
  });
  const broken = await fetch(`${api}/requests/42/notes`, {
    method: "POST",
    headers: { authtoken: "k" },
    body: new URLSearchParams({ input_data: "{no" }),
  });
  expect(broken.status).toBe(400);
  expect((await fetch(`${api}/changes`, { headers: { authtoken: "k" } })).status).toBe(404);
});

test("faults: a status, one request alone, a throttle with Retry-After", async () => {
  const api = await start({ faults: { requests: { "13": { fail: 403 } } } });
  expect((await write(`${api}/requests/13/notes`, note)).status).toBe(403);
  expect((await write(`${api}/requests/14/notes`, note)).status).toBe(201);
  desk?.setFaults({ throttle: 1 });
  expect((await write(`${api}/requests/14/notes`, note)).status).toBe(201);
  const throttled = await write(`${api}/requests/14/notes`, note);
  expect(throttled.status).toBe(429);
  expect(throttled.headers.get("retry-after")).toBe("1");
});

test("a note is durable before its delayed or cut answer", async () => {
  const api = await start({ faults: { delayMs: 400 } });
  const slow = write(`${api}/requests/42/notes`, note);
  await new Promise((resolve) => setTimeout(resolve, 150));
  const list = (await (await fetch(`${api}/requests/42/notes`, { headers: { authtoken: "k" } })).json()) as {
    notes: object[];
  };
  expect(list.notes).toHaveLength(1);
  expect((await slow).status).toBe(201);
  desk?.setFaults({ drop: 1 });
  await expect(write(`${api}/requests/42/notes`, note)).rejects.toThrow("fetch failed");
});

test("state survives a restart, and a line that was torn by a crash", async () => {
  const api = await start();
  await write(`${api}/requests/42/notes`, note);
  await desk?.stop();
  await appendFile(join(directory, "desk.jsonl"), '{"put":"note","note":{"id":"9');
  const again = await start();
  const second = (await (await write(`${again}/requests/42/notes`, note)).json()) as { note: { id: string } };
  const list = (await (
    await fetch(`${again}/requests/42/notes`, { headers: { authtoken: "k" } })
  ).json()) as { notes: { id: string }[] };
  expect(list.notes).toHaveLength(2);
  expect(list.notes[1]?.id).toBe(second.note.id);
});

test("the page for people shows the notes and runs no script", async () => {
  const api = await start();
  await write(`${api}/requests/42/notes`, note);
  const page = await fetch(`${desk?.url ?? ""}/requests/42`);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(await page.text()).toContain("<p>hello</p>");
});
