import fastifyStatic from "@fastify/static";
import { errorTable, ThroughlineError } from "@throughline/api/errors";
import type { FastifyInstance, FastifyReply } from "fastify";
import { stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { isApiPath } from "./errors.ts";
import type { JaegerUiPage } from "./jaeger-ui.ts";

const index = "index.html";
/** Jaeger's page has scripts of its own in it. */
const jaegerUiPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";
const oneYearMs = 365 * 24 * 3_600_000;

/**
 * Serves the built console: files as they are, every other path as its index page, where the console's own routes
 * (`/search`, `/trace/{id}`) begin. Until it is built, a page says how. With `jaegerUi`, `assets` are its files, and the page is what it says.
 */
export function serveConsole(server: FastifyInstance, assets: string, jaegerUi?: JaegerUiPage): void {
  server.register(fastifyStatic, {
    root: resolve(assets),
    serve: false,
    cacheControl: false,
    // The build leaves each of its files compressed beside it.
    preCompressed: jaegerUi === undefined,
  });

  server.get<{ Params: { "*": string } }>("/*", async (request, reply) => {
    const path = request.params["*"];
    if (isApiPath(`/${path}`)) throw notFound();
    if (path !== "" && path !== index && (await isFile(assets, path))) {
      // Names of files below assets/ contain a hash of their content.
      if (path.startsWith("assets/") && jaegerUi === undefined)
        return reply.sendFile(path, { cacheControl: true, maxAge: oneYearMs, immutable: true });
      return reply.header("cache-control", "no-cache").sendFile(path);
    }
    // An index page in place of a script that is gone would be run as one.
    if (path.startsWith(jaegerUi === undefined ? "assets/" : "static/")) throw notFound();
    if (jaegerUi !== undefined) {
      const page = reply.headers({ "cache-control": "no-cache", "content-security-policy": jaegerUiPolicy });
      return page.type("text/html; charset=utf-8").send(await jaegerUi.html());
    }
    if (!(await isFile(assets, index))) return sendNotBuilt(reply);
    return reply.header("cache-control", "no-cache").sendFile(index);
  });
}

function notFound(): ThroughlineError {
  return new ThroughlineError("TL_NOT_FOUND", "Nothing is served at this path.");
}

async function isFile(assets: string, path: string): Promise<boolean> {
  const root = resolve(assets);
  const file = join(root, path);
  if (path.includes("\0") || !file.startsWith(root + sep)) return false;
  try {
    return (await stat(file)).isFile();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ENAMETOOLONG") return false;
    throw error;
  }
}

function sendNotBuilt(reply: FastifyReply): FastifyReply {
  const { status, title } = errorTable.TL_CONSOLE_NOT_BUILT;
  return reply
    .code(status)
    .headers({ "content-type": "text/html; charset=utf-8", "cache-control": "no-store" })
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>Throughline</title><h1>${title}</h1>` +
        "<p>Run <code>npm run build</code> once at the root of the checkout, then reload this page.</p>" +
        "<p>The APIs answer all the same. <small>TL_CONSOLE_NOT_BUILT</small></p></html>\n",
    );
}
