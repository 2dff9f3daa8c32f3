import type { IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { deskThat, failure, json, key, never, success } from "./example-desk-server.ts";

test("a note is found by its marker over several pages, and a reader's failure is tried again", async () => {
  const notes = Array.from({ length: 230 }, (_, at) => ({
    id: String(at),
    description: at === 215 ? "ref: tl-marker" : "other",
  }));
  let calls = 0;
  const desk = await deskThat((request, response) => {
    if (++calls === 1) {
      json(response, 503, failure(4004));
      return;
    }
    const input = JSON.parse(
      new URL(request.url ?? "", "http://desk").searchParams.get("input_data") ?? "{}",
    ) as { list_info: { row_count: number; start_index: number } };
    const { row_count: count, start_index: start } = input.list_info;
    const page = notes.slice(start - 1, start - 1 + count);
    json(response, 200, {
      response_status: [success],
      notes: page,
      list_info: { has_more_rows: start - 1 + count < notes.length },
    });
  });
  expect(await desk.findNote("42", "tl-marker", never)).toEqual({ noteId: "215" });
  expect(await desk.findNote("42", "tl-nothing", never)).toBeUndefined();
});

test("a request is read as plain text, with what filters and opt-outs ask for", async () => {
  const desk = await deskThat((_request, response) =>
    json(response, 200, {
      response_status: success,
      request: {
        id: "42",
        subject: "Mail &amp; calendar",
        description: "<div>Outlook <b>hangs</b></div><script>alert(1)</script><p>since noon</p>",
        status: { id: "3", name: "Open" },
        group: { id: "1", name: "Network" },
        category: { name: "Software" },
        priority: null,
        requester: { name: "Ann", email_id: "ann@example.com" },
        last_updated_time: { value: "1790000000000", display_value: "x" },
        has_notes: false,
      },
    }),
  );
  expect(await desk.getTicket("42", never)).toEqual({
    id: "42",
    subject: "Mail & calendar",
    description: "Outlook hangs\n\nsince noon",
    status: "Open",
    isClosed: false,
    group: "Network",
    category: "Software",
    priority: undefined,
    requester: { name: "Ann", email: "ann@example.com" },
    labels: undefined,
    updatedAt: 1_790_000_000_000,
    hasNotes: false,
  });
});

test("fields that are null, names without their objects and numbers for ids are read as what they say", async () => {
  const desk = await deskThat((request, response) =>
    request.url?.includes("/notes") === true
      ? json(response, 200, { response_status: [success], notes: null, list_info: null })
      : json(response, 200, {
          response_status: [success],
          request: {
            id: 42,
            subject: null,
            description: "3 &lt; 5 &amp;&amp; ping &lt;host&gt;\nsecond line",
            status: "Closed",
            group: "Network",
            category: null,
            requester: null,
            last_updated_time: null,
            has_notes: null,
          },
        }),
  );
  expect(await desk.getTicket("42", never)).toMatchObject({
    id: "42",
    subject: "",
    description: "3 < 5 && ping <host>\nsecond line",
    isClosed: true,
    group: "Network",
    category: undefined,
    hasNotes: undefined,
  });
  expect(await desk.findNote("42", "tl-marker", never)).toBeUndefined();
});

test("a description with pictures in it is read up to its bound, after a byte order mark too", async () => {
  const picture = `<img src="data:image/png;base64,${"A".repeat(3_000_000)}">`;
  const desk = await deskThat((_request, response) => {
    const request = { id: "42", subject: "VPN", description: `<p>${picture}certificate expired</p>` };
    response.end(`\uFEFF${JSON.stringify({ response_status: success, request })}`);
  });
  expect(await desk.getTicket("42", never)).toMatchObject({ description: "certificate expired" });
});

test.each([
  ["Open", false],
  ["Onhold", false],
  ["Closed", true],
  ["Resolved", true],
  ["Cancelled", true],
])("a request that is %s: closed %s", async (status, isClosed) => {
  const desk = await deskThat((_request, response) =>
    json(response, 200, { response_status: success, request: { id: 42, status: { name: status } } }),
  );
  expect(await desk.getTicket("42", never)).toMatchObject({ id: "42", isClosed });
});

test("a request that the desk does not know is a permanent error with advice", async () => {
  const desk = await deskThat((_request, response) => json(response, 404, failure(4007)));
  await expect(desk.getTicket("42", never)).rejects.toMatchObject({
    kind: "permanent",
    httpStatus: 404,
    message: expect.stringContaining("to show request 42"),
  });
});

test("a read that is throttled is not waited for: the queue lets the tenant rest", async () => {
  let calls = 0;
  const desk = await deskThat((_request, response) => {
    calls++;
    json(response, 429, failure(4015), { "retry-after": "1" });
  });
  await expect(desk.getTicket("42", never)).rejects.toMatchObject({ kind: "throttled", retryAfterMs: 1_000 });
  expect(calls).toBe(1);
});

test("a read is repeated from 2 s on, within its budget only", async () => {
  let calls = 0;
  const desk = await deskThat(
    (_request, response) => {
      calls++;
      json(response, 503, failure(4004));
    },
    "",
    { readBudgetMs: 1_500 },
  );
  await expect(desk.getTicket("42", never)).rejects.toMatchObject({ kind: "transient" });
  expect(calls).toBe(1);
});

test("a small compressed answer that inflates without end is cut at the bound", async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, "x"));
  const desk = await deskThat((_request, response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end(bomb);
  });
  await expect(desk.getTicket("42", never)).rejects.toThrow("over 8388608 bytes");
});

test.each([
  ["both", { authtoken: key, authorization: `authtoken: ${key}` }, false],
  ["authtoken", { authtoken: key, authorization: undefined }, false],
  ["authorization", { authtoken: undefined, authorization: `authtoken: ${key}` }, false],
  ["query", { authtoken: undefined, authorization: undefined }, true],
] as const)("the key is sent as %s", async (style, headers, inQuery) => {
  let seen: IncomingMessage | undefined;
  const desk = await deskThat(
    (request, response) => {
      seen = request;
      json(response, 200, { response_status: success, request: { id: "42" } });
    },
    "",
    { credentials: { kind: "key", key, style }, portalId: "3" },
  );
  await desk.getTicket("42", never);
  expect({
    authtoken: seen?.headers["authtoken"],
    authorization: seen?.headers["authorization"],
  }).toEqual(headers);
  expect(seen?.url?.includes(`TECHNICIAN_KEY=${key}`)).toBe(inQuery);
  expect(seen?.headers["portalid"]).toBe("3");
});

test("solutions and assets come page by page; drafts are left out, the old name of assets is tried", async () => {
  const desk = await deskThat((request, response) => {
    const url = new URL(request.url ?? "", "http://desk");
    const { list_info: info } = JSON.parse(url.searchParams.get("input_data") ?? "{}") as {
      list_info: { start_index: number };
    };
    if (url.pathname.endsWith("/asset_assets")) return json(response, 404, failure(4007));
    const isFirst = info.start_index === 1;
    const page = url.pathname.endsWith("/solutions")
      ? {
          solutions: isFirst
            ? [
                {
                  id: "1",
                  title: "VPN",
                  description: "<p>x</p>",
                  keywords: "vpn, dns",
                  topic: { name: "Net" },
                },
                { id: "2", title: "Draft", approval_status: { name: "UnApproved" } },
              ]
            : [{ id: "3", title: "Mail", approval_status: { name: "Approved" } }],
        }
      : {
          assets: [
            {
              id: "9",
              name: "fs01",
              ip_address: "10.0.0.9",
              product_type: { name: "Server" },
              network_adapters: [{ ip_address: "10.0.0.10" }],
              site: { name: "Berlin" },
            },
          ],
        };
    const more = url.pathname.endsWith("/solutions") && isFirst;
    json(response, 200, { response_status: [success], ...page, list_info: { has_more_rows: more } });
  });
  const solutions = await Array.fromAsync(desk.library?.solutions(never) ?? []);
  expect(solutions.map((page) => page.map(({ id }) => id))).toEqual([["1"], ["3"]]);
  expect(solutions[0]?.[0]).toMatchObject({ topic: "Net", keywords: ["vpn", "dns"], html: "<p>x</p>" });
  expect((await Array.fromAsync(desk.library?.assets(never) ?? [])).flat()).toEqual([
    {
      id: "9",
      name: "fs01",
      tag: undefined,
      addresses: ["10.0.0.9", "10.0.0.10"],
      role: "Server",
      client: "",
      location: "Berlin",
    },
  ]);
});
