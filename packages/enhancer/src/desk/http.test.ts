import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { DeskHttp } from "./http.ts";

/** What a client makes of bytes that a server answers each request with. */
async function ask(answer: string, headers: Record<string, string> = {}, scheme = "http") {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new DeskHttp().send({
    method: "POST",
    url: new URL(`${scheme}://127.0.0.1:${port}/notes`),
    headers,
    body: "a=1",
    limitBytes: 1_000,
    timeoutMs: 5_000,
    signal: new AbortController().signal,
  });
}

test.each([
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "what answers there is not HTTP"],
  ["nothing", "", "it closed the connection"],
  ["less than it says", "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{}", "it closed the connection"],
  [
    "two lengths",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}",
    "its answer is not as long as it says",
  ],
  [
    "a 100 that nobody asked for",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "it sent 100 Continue, which nobody asked for",
  ],
  ["endless headers", `HTTP/1.1 200 OK\r\nx: ${"a".repeat(200_000)}\r\n\r\n`, "its headers are over 16 kB"],
])("a server that answers %s is told of in words", async (_what, answer, words) => {
  await expect(ask(answer)).rejects.toMatchObject({
    kind: "transient",
    message: expect.stringMatching(new RegExp(`cannot be reached \\(${words}\\)\\.$`)) as string,
  });
});

test("a key that no header may hold, and TLS to a server without it, are told of in words", async () => {
  await expect(ask("", { authtoken: "a\nb" })).rejects.toThrow(
    "the key holds a sign that no header may hold",
  );
  await expect(ask("HTTP/1.1 400 Bad Request\r\n\r\n", {}, "https")).rejects.toThrow("try http://");
});

test.each([
  [
    "early hints",
    "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
  ],
  ["a length of its end", "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}"],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n{}"],
  [
    "chunks and trailers",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;ext=1\r\n{}\r\n0\r\nx: y\r\n\r\n",
  ],
])("an answer with %s is read", async (_what, answer) => {
  expect(await ask(answer)).toMatchObject({ status: 200, text: "{}" });
});

test("an empty answer that calls itself compressed is an empty answer", async () => {
  const answer = "HTTP/1.1 401 Unauthorized\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n";
  expect(await ask(answer)).toMatchObject({ status: 401, text: "" });
});
