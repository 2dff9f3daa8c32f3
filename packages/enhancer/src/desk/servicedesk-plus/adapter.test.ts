import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { createServiceDeskPlus, type ServiceDeskPlusOptions } from "./adapter.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

const key = "a-technician-key-0123456789";
const never = new AbortController().signal;
const success = { status_code: 2000, status: "success" };

async function deskThat(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  base = "",
  more: Partial<ServiceDeskPlusOptions> = {},
) {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return createServiceDeskPlus({
    baseUrl: `http://127.0.0.1:${port}${base}`,
    credentials: { kind: "key", key, style: "both" },
    timeoutMs: 2_000,
    ...more,
  });
}

function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

function failure(innerCode: number, message = "no") {
  return {
    response_status: {
      status_code: 4000,
      status: "failed",
      messages: [{ status_code: innerCode, message, type: "failed" }],
    },
  };
}

test.each([
  ["", "/api/v3/requests/42/notes"],
  ["/api/v3", "/api/v3/requests/42/notes"],
  ["/api/v3/", "/api/v3/requests/42/notes"],
  ["/app/itdesk", "/app/itdesk/api/v3/requests/42/notes"],
])("a private note is posted as a form, base address %j", async (base, path) => {
  let seen:
    | { url: string | undefined; type: string | undefined; input: unknown; authtoken: unknown }
    | undefined;
  const desk = await deskThat((request, response, body) => {
    const input = JSON.parse(new URLSearchParams(body).get("input_data") ?? "null") as unknown;
    seen = {
      url: request.url,
      type: request.headers["content-type"],
      input,
      authtoken: request.headers["authtoken"],
    };
    json(response, 201, { note: { id: "77" }, response_status: success });
  }, base);
  expect(await desk.addNote("42", { html: "<p>hi</p>", isPublic: false }, never)).toEqual({
    noteId: "77",
    httpStatus: 201,
  });
  expect(seen).toEqual({
    url: path,
    type: "application/x-www-form-urlencoded;charset=UTF-8",
    input: {
      note: {
        description: "<p>hi</p>",
        show_to_requester: false,
        mark_first_response: false,
        add_to_linked_requests: false,
      },
    },
    authtoken: key,
  });
});

test.each([
  [400, failure(4001), "permanent"],
  [401, failure(4022), "permanent"],
  [403, failure(4002), "permanent"],
  [404, failure(4007), "permanent"],
  [400, failure(4012), "permanent"],
  [500, failure(4004), "transient"],
  [503, { anything: true }, "transient"],
  [429, failure(4015), "throttled"],
  [400, failure(4001, "URL_ROLLING_THROTTLES_LIMIT_EXCEEDED"), "throttled"],
  [200, failure(4002), "permanent"],
  [
    200,
    { response_status: [{ status_code: 4000, status: "failed", messages: [{ status_code: 4004 }] }] },
    "transient",
  ],
  [200, { no: "status" }, "transient"],
])("HTTP %d with %j is %s", async (status, body, kind) => {
  const desk = await deskThat((_request, response) => json(response, status, body));
  const error = await desk
    .addNote("42", { html: "x", isPublic: false }, never)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: "DeskError", kind, httpStatus: status });
  expect((error as Error).message).not.toContain(key);
});

test("a write is asked for once, whatever the answer", async () => {
  let calls = 0;
  const desk = await deskThat((_request, response) => {
    calls++;
    json(response, 500, failure(4004));
  });
  await expect(desk.addNote("42", { html: "x", isPublic: false }, never)).rejects.toMatchObject({
    kind: "transient",
  });
  expect(calls).toBe(1);
});

test.each([
  ["7", 7_000],
  [new Date(Date.now() + 60_000).toUTCString(), 60_000],
])("Retry-After %s is heard", async (header, ms) => {
  const desk = await deskThat((_request, response) =>
    json(response, 429, failure(4015), { "retry-after": header }),
  );
  const error = await desk
    .addNote("42", { html: "x", isPublic: false }, never)
    .catch((thrown: unknown) => thrown);
  expect(Math.abs((error as { retryAfterMs: number }).retryAfterMs - ms)).toBeLessThan(2_500);
});

test("a redirect is not followed with the key", async () => {
  const urls: (string | undefined)[] = [];
  const desk = await deskThat((request, response) => {
    urls.push(request.url);
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await expect(desk.addNote("42", { html: "x", isPublic: false }, never)).rejects.toMatchObject({
    name: "DeskError",
  });
  expect(urls).toEqual(["/api/v3/requests/42/notes"]);
});

test("an answer without end is cut at the bound", async () => {
  const desk = await deskThat((_request, response) => {
    response.writeHead(200);
    const more = () => {
      while (!response.destroyed && response.write("x".repeat(65_536)));
    };
    response.on("drain", more);
    more();
  });
  await expect(desk.addNote("42", { html: "x", isPublic: false }, never)).rejects.toThrow(
    "over 1048576 bytes",
  );
});

test("a desk that hangs, cuts the connection or is not there is transient, and told so", async () => {
  const hanging = await deskThat(() => {}, "", { timeoutMs: 150 });
  await expect(hanging.addNote("42", { html: "x", isPublic: false }, never)).rejects.toMatchObject({
    kind: "transient",
    message: expect.stringContaining("did not answer within"),
  });
  server?.closeAllConnections();
  server?.close();
  const cutting = await deskThat((request) => request.socket.destroy());
  await expect(cutting.addNote("42", { html: "x", isPublic: false }, never)).rejects.toMatchObject({
    kind: "transient",
  });
  server?.close();
  await expect(cutting.addNote("42", { html: "x", isPublic: false }, never)).rejects.toMatchObject({
    kind: "transient",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

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

test("the caller's signal ends a call", async () => {
  const desk = await deskThat(() => {});
  const stop = new AbortController();
  const call = desk.addNote("42", { html: "x", isPublic: false }, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(call).rejects.toThrow("stopped");
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
    subject: "Mail &amp; calendar",
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
  await expect(desk.getTicket("42", never)).rejects.toThrow("over 1048576 bytes");
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
