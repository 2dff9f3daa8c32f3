/** Spans over HTTP in protocols older than OTLP: Zipkin, and Jaeger's Thrift. Errors are answered as plain text, as their own receivers do. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { SpanEncoding } from "../sink.ts";
import { newHttpServer } from "../tls.ts";
import { httpRefusal, readBody } from "./http-body.ts";
import { answerPage } from "./pages.ts";
import type { OtlpHttpOptions } from "./otlp-http.ts";
import { grpcCode, refusal } from "../rpc-status.ts";

/** Which encoding a request's body has. Throws RefusedError where it is served none. */
type EncodingOf = (path: string, mediaType: string) => SpanEncoding;

/**
 * Zipkin (9411): POST /api/v2/spans in JSON or protobuf, /api/v1/spans in JSON or Thrift. Other paths are taken as of version 2, as the stock
 * receiver has it. Answers 202. Not listening yet.
 */
export function createZipkinServer(options: OtlpHttpOptions): Server {
  return createSpanServer(options, (path, mediaType) => {
    if (path.includes("api/v1/spans"))
      return mediaType === "application/x-thrift" ? "zipkin-v1-thrift" : "zipkin-v1-json";
    return mediaType === "application/x-protobuf" ? "zipkin-protobuf" : "zipkin-json";
  });
}

/** Jaeger's Thrift over HTTP (14268): POST /api/traces, a bare batch in the binary protocol. Answers 202. Not listening yet. */
export function createJaegerThriftServer(options: OtlpHttpOptions): Server {
  return createSpanServer(options, (path, mediaType) => {
    if (path !== "/api/traces")
      throw httpRefusal(404, grpcCode.notFound, "nothing is served at this path: POST /api/traces");
    if (mediaType === "application/x-thrift" || mediaType === "application/vnd.apache.thrift.binary")
      return "jaeger-thrift";
    throw httpRefusal(
      400,
      grpcCode.invalidArgument,
      "content-type must be application/x-thrift or application/vnd.apache.thrift.binary",
    );
  });
}

function createSpanServer(options: OtlpHttpOptions, encodingOf: EncodingOf): Server {
  const server = newHttpServer({ requestTimeout: 60_000, keepAliveTimeout: 65_000 }, options.tls);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response, options, encodingOf).catch((error: unknown) => {
      const refused = refusal(error);
      if (refused.httpStatus === 500) options.logger.error({ err: error }, "a request with spans failed");
      if (response.headersSent || response.destroyed) return;
      if (refused.retryAfterSeconds !== undefined)
        response.setHeader("retry-after", refused.retryAfterSeconds);
      if (refused.httpStatus === 401) response.setHeader("www-authenticate", "Bearer");
      response.writeHead(refused.httpStatus, { "content-type": "text/plain; charset=utf-8" });
      response.end(`${refused.message}\n`);
      // What is still being sent is thrown away, so that the client gets to reading the answer.
      request.resume();
    });
  });
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { intake, gate, corsOrigins = [] }: OtlpHttpOptions,
  encodingOf: EncodingOf,
): Promise<void> {
  if (answerPage(request, response, corsOrigins)) return;
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    throw httpRefusal(405, grpcCode.unimplemented, "send POST");
  }
  const path = (request.url ?? "").split("?", 1)[0] ?? "";
  const mediaType = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const encoding = encodingOf(path, mediaType);
  const sender = await gate.admit(request.headers.authorization, "ingest", request.socket);
  const share = intake.open(sender);
  response.on("close", () => share.release());
  const body = await readBody(request, response, share);
  if (body === undefined) return;
  await intake.append(sender, body, encoding);
  response.writeHead(202).end();
}
