import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { createZammad } from "./adapter.ts";

const never = new AbortController().signal;
const note = { html: "<p>hi</p>", isPublic: false };

/** A Zammad that has these articles and answers a new one as a test says, over a real socket. */
async function zammadWith(
  articles: unknown,
  written: { status: number; body: unknown } = { status: 201, body: {} },
) {
  const server = createServer((request, response) => {
    request.resume();
    const path = request.url ?? "";
    const ticket = { id: 81, title: "VPN", state: "open", group: null, customer: "ann@example.com" };
    const isList = path.includes("/by_ticket/");
    const { status, body } =
      request.method === "POST" ? written : { status: 200, body: isList ? articles : ticket };
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return createZammad({ baseUrl: `http://127.0.0.1:${port}`, token: "a-token", readBudgetMs: 0 });
}

test.each([
  ["text/plain", "if <b> < 5 &amp; ping <host>", "if <b> < 5 &amp; ping <host>"],
  ["text/html", "if &lt;b&gt; <b>hangs</b> &amp; more", "if <b> hangs & more"],
  [null, "<p>Outlook hangs</p>", "Outlook hangs"],
])("a description of %s is read as what it is", async (content_type, body, description) => {
  const desk = await zammadWith([{ id: 1, body, content_type, type: "email", sender: "Customer" }]);
  expect(await desk.getTicket("81", never)).toMatchObject({ id: "81", description, hasNotes: false });
});

test("a marker that a customer quotes is no note; an agent's is, by its number or text for an id", async () => {
  const quoted = { id: 2, body: "> ref: tl-1", type: "email", sender: "Customer" };
  expect(await (await zammadWith([quoted])).findNote("81", "tl-1", never)).toBeUndefined();
  const own = { id: "3", body: "<small>ref: tl-1</small>", type: "note", sender: "Agent" };
  expect(await (await zammadWith([quoted, own])).findNote("81", "tl-1", never)).toEqual({ noteId: "3" });
  expect(await (await zammadWith([{ ...own, id: 3 }])).findNote("81", "tl-1", never)).toEqual({
    noteId: "3",
  });
});

test.each([
  ["an error inside 200", 200, { error: "no" }, "transient"],
  ["no id", 201, { id: null }, "transient"],
  ["422", 422, { error: "Group can't be blank", error_human: "<b>Group</b> missing" }, "permanent"],
  ["429", 429, {}, "throttled"],
  ["502", 502, {}, "transient"],
])("a write that is answered with %s is %s", async (_what, status, body, kind) => {
  const desk = await zammadWith([], { status, body });
  await expect(desk.addNote("81", note, never)).rejects.toMatchObject({ name: "DeskError", kind });
});
