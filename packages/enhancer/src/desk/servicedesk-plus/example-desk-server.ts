import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { createServiceDeskPlus, type ServiceDeskPlusOptions } from "./adapter.ts";

/** Material for tests of the adapter: a desk that answers as a test says, over a real socket. */
export const key = "a-technician-key-0123456789";
export const never = new AbortController().signal;
export const success = { status_code: 2000, status: "success" };

/** It ends with the test; `close` ends it earlier. */
export async function deskThat(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  base = "",
  more: Partial<ServiceDeskPlusOptions> = {},
) {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => close(server));
  const { port } = server.address() as AddressInfo;
  const desk = createServiceDeskPlus({
    baseUrl: `http://127.0.0.1:${port}${base}`,
    credentials: { kind: "key", key, style: "both" },
    timeoutMs: 2_000,
    ...more,
  });
  return { ...desk, close: () => close(server) };
}

function close(server: Server): void {
  server.closeAllConnections();
  server.close();
}

export function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

export function failure(innerCode: number, message = "no") {
  return {
    response_status: {
      status_code: 4000,
      status: "failed",
      messages: [{ status_code: innerCode, message, type: "failed" }],
    },
  };
}
