import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { get, serverOver } from "./stored-traces.ts";

const page = "<!doctype html><title>built</title>";

async function builtConsole() {
  const root = await mkdtemp(join(tmpdir(), "throughline-console-"));
  onTestFinished(() => rm(root, { recursive: true }));
  const assets = join(root, "dist");
  await mkdir(join(assets, "assets"), { recursive: true });
  await writeFile(join(root, "secret.txt"), "outside");
  await writeFile(join(assets, "index.html"), page);
  await writeFile(join(assets, "favicon.svg"), "<svg/>");
  await writeFile(join(assets, "assets", "index-abc123.js"), "export {};");
  return { assets, server: serverOver([], { consoleAssets: assets }) };
}

test("the console's own routes begin with its page, which is never cached unasked", async () => {
  const { server } = await builtConsole();
  for (const url of ["/", "/index.html", "/search?service=shop", "/trace/abc", "/a/b/c", "/apiary"]) {
    const { status, type, body, headers } = await get(server, url);
    expect([url, status, type, body]).toEqual([url, 200, "text/html; charset=utf-8", page]);
    expect(headers["cache-control"]).toBe("no-cache");
  }
});

test("files are served by their type, hashed ones for good", async () => {
  const { server } = await builtConsole();
  const script = await get(server, "/assets/index-abc123.js");
  expect([script.status, script.type, script.body]).toEqual([
    200,
    "application/javascript; charset=utf-8",
    "export {};",
  ]);
  expect(script.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  const icon = await get(server, "/favicon.svg");
  expect([icon.status, icon.type, icon.headers["cache-control"]]).toEqual([200, "image/svg+xml", "no-cache"]);
});

test("a hashed file that is gone is 404, not the page", async () => {
  const { server } = await builtConsole();
  expect((await get(server, "/assets/index-old.js")).status).toBe(404);
});

test("nothing outside the console's folder is served", async () => {
  const { server } = await builtConsole();
  for (const url of [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/a%00b",
  ]) {
    const { status, body } = await get(server, url);
    expect([url, body.includes("outside")]).toEqual([url, false]);
    expect(status).toBeLessThan(500);
  }
});

test("a page that the browser holds already is not sent again", async () => {
  const { server } = await builtConsole();
  const { etag } = (await get(server, "/")).headers;
  const again = await server.inject({ method: "GET", url: "/", headers: { "if-none-match": String(etag) } });
  expect([again.statusCode, again.body]).toEqual([304, ""]);
});

test("pages may run only what comes from here, and nobody may frame them", async () => {
  const { server } = await builtConsole();
  for (const url of ["/", "/api/services", "/api/none"]) {
    const { headers } = await get(server, url);
    expect(headers["content-security-policy"]).toContain("default-src 'self'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["referrer-policy"]).toBe("same-origin");
  }
});

test("until the console is built, a page says how, and building it needs no restart", async () => {
  const { assets, server } = await builtConsole();
  await rm(assets, { recursive: true });
  const { status, type, body } = await get(server, "/trace/abc");
  expect([status, type]).toEqual([503, "text/html; charset=utf-8"]);
  expect(body).toContain("npm run build");
  expect(body).toContain("TL_CONSOLE_NOT_BUILT");
  await mkdir(assets);
  await writeFile(join(assets, "index.html"), page);
  expect((await get(server, "/trace/abc")).body).toBe(page);
});
