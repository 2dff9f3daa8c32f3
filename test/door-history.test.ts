import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Answered, postSigned, startReceiver } from "./door.ts";

const path = "/webhook/servicedesk/resolved-ticket";
const ndjson = { "content-type": "application/x-ndjson" };
const resolved = (fields: Record<string, unknown> = {}) => ({
  tenant_id: "acme",
  ticket_id: "OLD-1",
  subject: "VPN fails",
  description: "certificate expired",
  resolution: "renewed it",
  resolved_date: "2026-11-20T10:00:00Z",
  priority: "high",
  tags: ["vpn"],
  ...fields,
});

function stored(data: string): { tenant_id: string; ticket_id: string; resolution: string }[] {
  const database = new DatabaseSync(join(data, "throughline.db"), { readOnly: true });
  const rows = database
    .prepare("select tenant_id, ticket_id, resolution from ticket_history order by 1, 2")
    .all();
  database.close();
  return rows as ReturnType<typeof stored>;
}

const results = ({ body }: Answered) =>
  body["results"] as { line: number; status: string; errors?: { field: string }[] }[];

test("a resolved ticket is stored once, changed by sending it again, and only ever the signing tenant's", async () => {
  const { url, data } = await startReceiver({
    tenants: {
      acme: { settings: { webhook: { ratePerMinute: null } } },
      other: { secret: "the other tenant's own secret" },
    },
  });
  const send = (body: object, headers = {}, at = path) => postSigned(url, JSON.stringify(body), headers, at);
  expect(await send(resolved())).toMatchObject({
    status: 200,
    body: { status: "stored", inserted: 1, refused: 0 },
  });
  expect(await send(resolved())).toMatchObject({ status: 200, body: { unchanged: 1, inserted: 0 } });
  expect(await send(resolved({ resolution: "replaced it" }))).toMatchObject({
    status: 200,
    body: { updated: 1 },
  });
  expect((await send(resolved({ tenant_id: "other" }))).body.code).toBe("TL_SIGNATURE_INVALID");
  expect((await send(resolved({ tenant_id: "nobody" }))).body.code).toBe("TL_TENANT_UNKNOWN");
  expect(
    (await send(resolved({ tenant_id: undefined, resolution: "replaced it" }), { "x-tenant-id": "acme" }))
      .status,
  ).toBe(200);
  const wrong = await send(resolved({ subject: "x".repeat(501), colour: "red", priority: "urgent" }));
  expect(wrong).toMatchObject({ status: 422, body: { code: "TL_TICKET_INVALID" } });
  expect(wrong.body.errors?.map(({ field }) => field).sort()).toEqual(["colour", "priority", "subject"]);
  expect(
    await send(
      { ticket_id: "OLD-2", subject: "s", description: "d", resolution: "r" },
      {},
      `${path}?tenant=acme`,
    ),
  ).toMatchObject({ status: 200 });
  expect(stored(data)).toEqual([
    { tenant_id: "acme", ticket_id: "OLD-1", resolution: "replaced it" },
    { tenant_id: "acme", ticket_id: "OLD-2", resolution: "r" },
  ]);
});

test("a thousand lines in one request: good ones stored together, each bad one reported with its line", async () => {
  const { url, data } = await startReceiver();
  const send = (lines: readonly string[], headers = {}) =>
    postSigned(url, lines.join("\n"), { ...ndjson, ...headers }, path);
  const lines = Array.from({ length: 1_000 }, (_, at) =>
    JSON.stringify(resolved({ ticket_id: `N-${at}`, description: "d".repeat(2_000) })),
  );
  lines[10] = "{not json";
  lines[20] = JSON.stringify(resolved({ tenant_id: "other", ticket_id: "N-20" }));
  lines[30] = JSON.stringify(resolved({ ticket_id: "lower case" }));
  lines[40] = JSON.stringify(resolved({ ticket_id: "N-41" }));
  const answer = await send(lines);
  expect(answer).toMatchObject({
    status: 200,
    body: { status: "partial", received: 1_000, inserted: 996, refused: 3 },
  });
  expect(results(answer)).toHaveLength(1_000);
  expect(
    results(answer)
      .filter(({ status }) => status === "refused")
      .map(({ line, errors }) => [line, errors?.[0]?.field]),
  ).toEqual([
    [11, "(body)"],
    [21, "tenant_id"],
    [31, "ticket_id"],
  ]);
  expect(results(answer)[40]).toMatchObject({ line: 41, status: "superseded" });
  expect(stored(data)).toHaveLength(996);
  expect(new Set(stored(data).map(({ tenant_id: tenant }) => tenant))).toEqual(new Set(["acme"]));
  expect(await send(lines)).toMatchObject({ body: { inserted: 0, unchanged: 996 } });
  expect((await send([...lines, ...lines.slice(0, 1)])).body.code).toBe("TL_BODY_TOO_LARGE");
  expect((await send(["", " "], { "x-tenant-id": "acme" })).body.code).toBe("TL_TICKET_INVALID");
  expect(
    (await send(["{}", "x"], { "x-tenant-id": "acme" })).body.errors?.map(({ field }) => field),
  ).toContain("line 2: (body)");
});

test("a history that cannot be written is answered 503, nothing is kept, and it goes on when it can", async () => {
  const { url, data } = await startReceiver();
  const send = () => postSigned(url, JSON.stringify(resolved()), {}, path);
  const blocker = new DatabaseSync(join(data, "throughline.db"));
  blocker.exec("pragma busy_timeout = 5000; begin immediate");
  try {
    const { status, headers, body } = await send();
    expect({ status, code: body.code }).toEqual({ status: 503, code: "TL_HISTORY_UNAVAILABLE" });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  } finally {
    blocker.exec("rollback");
    blocker.close();
  }
  expect(stored(data)).toEqual([]);
  expect(await send()).toMatchObject({ status: 200, body: { inserted: 1 } });
});
