import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hex, jobs, post, postSigned, startReceiver, ticket } from "./door.ts";
import { run, temporaryDirectory } from "./harness.ts";

const path = "/webhook/servicedesk?tenant=sdp";
const type = (contentType: string) => ({ "content-type": contentType });

function send(url: string, body: string | Buffer, headers: Record<string, string>) {
  return post(url, body, { "x-servicedesk-signature": hex("sha256", body), ...headers }, path);
}

test("a preset takes what its desk sends: raw line breaks, forms, other charsets, pages that call themselves text", async () => {
  const mapping = { fields: { ticket_id: "/n" } };
  const { url, data } = await startReceiver({
    tenants: {
      sdp: { settings: { webhook: { preset: "servicedesk-plus", ratePerMinute: null } } },
      own: { settings: { webhook: { mapping, ratePerMinute: null } } },
    },
  });
  const json = (id: number) =>
    `{"ticket_id":"${id}","subject":"Grüße","description":"one\r\n\ttwo <a href="x">y</a>"}`;
  const bodies: [string | Buffer, Record<string, string>][] = [
    [json(1), type("application/json")],
    [json(2), type("text/plain")],
    [Buffer.from(json(3), "latin1"), type("application/json; charset=ISO-8859-1")],
    [Buffer.from(json(4), "latin1"), type("application/json")],
    [Buffer.from(`\uFEFF${json(5)}`, "utf16le"), type("application/json; charset=utf-16")],
    [Buffer.from(json(6), "utf16le"), type("application/json; charset=utf-16le")],
    [Buffer.from(json(7), "latin1"), type("application/json; charset=windows-1252")],
    ["ticket_id=8&subject=Gr%FC%DFe", type("application/x-www-form-urlencoded; charset=latin1")],
    ["input_data=%7B%22request%22%3A%7B%22id%22%3A9%7D%7D", type("application/x-www-form-urlencoded")],
    [
      '--b\r\nContent-Disposition: form-data; name="ticket_id"\r\n\r\n10\r\n--b--\r\n',
      type("multipart/form-data; boundary=b"),
    ],
  ];
  for (const [body, headers] of bodies) {
    const { status, body: said } = await send(url, body, headers);
    expect(
      { status, code: said.code, errors: said.errors },
      `${String(body)} ${JSON.stringify(headers)}`,
    ).toEqual({ status: 202 });
  }
  const found = (await jobs(data)).map(({ ticketId }) => Number(ticketId)).sort((a, b) => a - b);
  expect(found).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const code = async (body: string | Buffer, contentType: string) =>
    (await send(url, body, type(contentType))).body.code;
  expect(await code("{}", "application/json")).toBe("TL_TICKET_INVALID");
  expect(await code("", "application/json")).toBe("TL_TICKET_INVALID");
  expect(await code("<x/>", "application/xml")).toBe("TL_MEDIA_TYPE_UNSUPPORTED");
  expect(await code("x", "multipart/form-data; boundary=b")).toBe("TL_TICKET_INVALID");
  expect(await code(Buffer.from([0xff]), "application/json; charset=utf-8")).toBe("TL_TICKET_INVALID");

  const own = JSON.stringify({ n: "INC-7" });
  const asOwn = (body: string, contentType = "application/json") =>
    post(
      url,
      body,
      { "x-signature": hex("sha256", body), "content-type": contentType },
      "/webhook/servicedesk?tenant=own",
    );
  expect((await asOwn(own)).status).toBe(202);
  expect((await asOwn("n=7", "application/x-www-form-urlencoded")).body.code).toBe(
    "TL_MEDIA_TYPE_UNSUPPORTED",
  );
  expect((await asOwn('{"n":"a\nb"}')).body.code).toBe("TL_TICKET_INVALID");
});

test("our own contract is strict: JSON in UTF-8, known fields, forms that are told without their values", async () => {
  const { url } = await startReceiver();
  const invalid = async (fields: Record<string, unknown>, field: string) => {
    const { status, body } = await postSigned(url, ticket(fields));
    expect({ status, code: body.code, field: body.errors?.map((one) => one.field) }).toEqual({
      status: 422,
      code: "TL_TICKET_INVALID",
      field: [field],
    });
    expect(JSON.stringify(body)).not.toContain("canary");
  };
  await invalid({ ticket_id: "canary id" }, "ticket_id");
  await invalid({ ticket_id: "A".repeat(101) }, "ticket_id");
  await invalid({ description: "" }, "description");
  await invalid({ description: "canary".repeat(2_000) }, "description");
  await invalid({ priority: "canary" }, "priority");
  await invalid({ created_at: "2026-11-24T10:00:00" }, "created_at");
  await invalid({ correlation_id: "canary" }, "correlation_id");
  await invalid({ subject: "canary" }, "subject");
  await invalid({ "canary with spaces": 1 }, "(unnamed)");
  await invalid({ event: 7 }, "event");
  expect(
    (await postSigned(url, ticket({ correlation_id: "7d444840-9dc0-41d1-b245-5ffdce74fad2" }))).status,
  ).toBe(202);
  for (const contentType of ["application/xml", "application/json; charset=latin1"])
    expect((await postSigned(url, ticket(), type(contentType))).body.code).toBe("TL_MEDIA_TYPE_UNSUPPORTED");
  // What clients call a body that nobody gave a type.
  for (const contentType of ["text/plain;charset=UTF-8", "application/x-www-form-urlencoded"])
    expect((await postSigned(url, ticket(), type(contentType))).status).toBe(202);
  expect((await postSigned(url, ticket(), { "content-encoding": "gzip" })).status).toBe(415);
  expect((await postSigned(url, "[]", { "x-tenant-id": "acme" })).status).toBe(422);
  expect((await postSigned(url, "null", { "x-tenant-id": "acme" })).status).toBe(422);
});

test("tenant test-mapping shows what a body would say, by a preset, a file or a tenant", async () => {
  const data = await temporaryDirectory();
  const body = join(data, "body.json");
  writeFileSync(
    body,
    '{"issue":{"key":"HELP-1","fields":{"summary":"Printer","priority":{"name":"Highest"}}}}',
  );
  const tried = await run(["tenant", "test-mapping", body, "--preset", "jira", "--json"]);
  expect(tried.stderr).toBe("");
  expect(JSON.parse(tried.stdout)).toMatchObject({
    ticket: { ticketId: "HELP-1", priority: "critical", description: "Printer" },
  });
  const shown = await run(["tenant", "test-mapping", body, "--preset", "jira"]);
  expect(shown.stdout).toMatch(/ticketId\s+HELP-1/);
  const mapping = join(data, "mapping.json");
  writeFileSync(mapping, JSON.stringify({ fields: { ticket_id: "/issue/fields/summary" } }));
  const wrong = await run(["tenant", "test-mapping", body, "--mapping", mapping]);
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining("TL_TICKET_INVALID") as string });
  writeFileSync(mapping, JSON.stringify({ fields: { colour: "/c" } }));
  const bad = await run(["tenant", "test-mapping", body, "--mapping", mapping]);
  expect(bad).toMatchObject({ code: 2, stderr: expect.stringContaining("colour") as string });
  expect((await run(["tenant", "test-mapping", body])).code).toBe(2);
  expect((await run(["tenant", "test-mapping", join(data, "none"), "--preset", "jira"])).code).toBe(1);
  await run([
    "tenant",
    "add",
    "acme",
    "--preset",
    "jira",
    "--secret",
    "s".repeat(20),
    "--desk",
    "http://127.0.0.1:9",
    "--desk-key",
    "k",
    "--data",
    data,
  ]);
  const asTenant = await run(["tenant", "test-mapping", body, "--tenant", "acme", "--data", data, "--json"]);
  expect(JSON.parse(asTenant.stdout)).toMatchObject({ ticket: { ticketId: "HELP-1" }, ignored: null });
});
