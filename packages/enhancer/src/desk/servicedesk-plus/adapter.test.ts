import { expect, test } from "vitest";
import { deskThat, failure, json, key, never, success } from "./example-desk-server.ts";

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
  [400, { error: { code: "URL_ROLLING_THROTTLES_LIMIT_EXCEEDED" } }, "throttled"],
  [
    400,
    { response_status: { status_code: 4000, messages: [{ type: "URL_ROLLING_THROTTLES_LIMIT_EXCEEDED" }] } },
    "throttled",
  ],
  [201, { response_status: success, note: { id: null } }, "transient"],
  [201, { response_status: success, note: null }, "transient"],
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
  hanging.close();
  const cutting = await deskThat((request) => request.socket.destroy());
  await expect(cutting.addNote("42", { html: "x", isPublic: false }, never)).rejects.toMatchObject({
    kind: "transient",
  });
  cutting.close();
  await expect(cutting.addNote("42", { html: "x", isPublic: false }, never)).rejects.toMatchObject({
    kind: "transient",
    message: expect.stringContaining("ECONNREFUSED"),
  });
});

test("the caller's signal ends a call", async () => {
  const desk = await deskThat(() => {});
  const stop = new AbortController();
  const call = desk.addNote("42", { html: "x", isPublic: false }, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(call).rejects.toThrow("stopped");
});
