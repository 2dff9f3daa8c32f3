import { execFile } from "node:child_process";
import { createServer } from "node:http2";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createServer as createHttpServer } from "node:http";
import { expect, test } from "vitest";
import { listen } from "../../test/listen.ts";

const run = promisify(execFile);
const program = `
const { createOtlpTransport } = await import(process.argv[1]);
const transport = createOtlpTransport({
  protocol: process.argv[2], endpoint: () => process.argv[3],
  headers: {}, compression: "none", tls: {}, requestTimeoutMs: 10_000,
});
console.log((await transport.send(new Uint8Array([10, 0]), Date.now() + 5_000)).kind);`;

test.each(["grpc", "http/protobuf"])(
  "%s: a program that has sent its spans ends, although the connection is open",
  async (protocol) => {
    const grpc = createServer().on("stream", (stream) =>
      stream.respond(
        { ":status": 200, "content-type": "application/grpc", "grpc-status": "0" },
        { endStream: true },
      ),
    );
    const http = createHttpServer({ keepAliveTimeout: 60_000 }, (_, response) => void response.end());
    const server = await listen(protocol === "grpc" ? grpc : http);
    const module = pathToFileURL(join(import.meta.dirname, "create-transport.ts")).href;
    const args = ["--input-type=module", "-e", program, module, protocol, `http://127.0.0.1:${server.port}`];
    const began = Date.now();
    expect((await run(process.execPath, args, { timeout: 10_000 })).stdout).toBe("taken\n");
    expect(Date.now() - began).toBeLessThan(4_000);
    await server.close();
  },
);
