import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Address } from "../runtime/address.ts";

const bodyLimitBytes = 5 * 1024 * 1024;

/**
 * What a simulator answers; `cut`: the connection is closed without an answer, `cutAfter`: amid one, `hang`: it stays open and
 * nothing comes.
 */
export type SimulatedAnswer =
  | { cut: true }
  | { hang: true }
  | { cutAfter: string; headers: Record<string, string> }
  | { status: number; headers?: Record<string, string>; body: string | Buffer | AsyncIterable<string> };

export type Handler = (request: IncomingMessage, url: URL, body: string) => Promise<SimulatedAnswer>;

/** A server of plain `node:http`: bodies come as they are sent, whatever their type says. */
export async function listen(
  address: Address,
  handle: Handler,
): Promise<{ url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    respond(request, response, handle).catch((error: unknown) => {
      process.stderr.write(`simulator: ${String(error)}\n`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(address.port, address.host, resolve);
  });
  return { url: urlOf(server), stop: () => close(server) };
}

async function respond(request: IncomingMessage, response: ServerResponse, handle: Handler): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.writeHead(413, { connection: "close" }).end();
    return;
  }
  const path = request.url ?? "/";
  const answer = URL.canParse(path, "http://simulator")
    ? await handle(request, new URL(path, "http://simulator"), body)
    : { status: 400, body: "" };
  if ("cut" in answer) {
    response.destroy();
    return;
  }
  if ("hang" in answer) return;
  if ("cutAfter" in answer) {
    response.writeHead(200, answer.headers);
    response.write(answer.cutAfter, () => response.destroy());
    return;
  }
  response.writeHead(answer.status, answer.headers);
  if (typeof answer.body === "string" || Buffer.isBuffer(answer.body)) response.end(answer.body);
  else {
    for await (const chunk of answer.body) {
      if (response.destroyed) return;
      if (!response.write(chunk)) await drained(response);
    }
    response.end();
  }
}

/** undefined where it is over the limit. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function urlOf(server: Server): string {
  const bound = server.address();
  if (bound === null || typeof bound === "string")
    throw new Error("the simulator is not listening on a port");
  return `http://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Resolves when more may be written, or nobody reads any more. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
