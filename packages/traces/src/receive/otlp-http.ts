/** OTLP over HTTP for traces (OTLP 1.11, "OTLP/HTTP"): protobuf and JSON on one port, answered in the request's type. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { BudgetShare, ByteBudget } from "./byte-budget.ts";
import { encodeExportResponse, exportResponseJson } from "./export-response.ts";
import { type ContentCoding, contentCodings, inflateBody, requestLimitBytes, tooLarge } from "./inflate.ts";
import {
  encodeStatus,
  grpcCode,
  overloaded,
  refusal,
  type Refusal,
  RefusedError,
  statusJson,
} from "./rpc-status.ts";
import type { SpanEncoding, SpanSink } from "../sink.ts";

const mediaTypes: Record<SpanEncoding, string> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

export interface OtlpHttpOptions {
  sink: SpanSink;
  isHealthy: () => Promise<boolean>;
  budget: ByteBudget;
  logger: Logger;
}

/** Not listening yet. */
export function createOtlpHttpServer(options: OtlpHttpOptions): Server {
  const server = createServer({ requestTimeout: 60_000, keepAliveTimeout: 65_000 });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const share = options.budget.share();
    response.on("close", () => share.release());
    serve(request, response, share, options).catch((error: unknown) => {
      const refused = refusal(error);
      if (refused.httpStatus === 500) options.logger.error({ err: error }, "OTLP request failed");
      answerRefusal(request, response, refused);
    });
  });
  return server;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  share: BudgetShare,
  { sink, isHealthy }: OtlpHttpOptions,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0];
  if (path === "/readiness") {
    const ready = await isHealthy();
    response.writeHead(ready ? 200 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify({ ready }));
    return;
  }
  if (path === "/v1/logs" || path === "/v1/metrics")
    throw notFound("only traces are kept here: POST /v1/traces");
  if (path !== "/v1/traces") throw notFound("nothing is served at this path: POST /v1/traces");
  if (request.method !== "POST") {
    response.setHeader("allow", "POST");
    throw httpRefusal(405, grpcCode.unimplemented, "send POST");
  }
  const encoding = encodingOf(request);
  if (encoding === undefined) {
    throw httpRefusal(
      415,
      grpcCode.invalidArgument,
      "content-type must be application/x-protobuf or application/json",
    );
  }
  const coding = codingOf(request);
  if (coding === undefined) {
    response.setHeader("accept-encoding", contentCodings.join(", "));
    throw httpRefusal(
      415,
      grpcCode.invalidArgument,
      `content-encoding must be one of ${contentCodings.join(", ")}`,
    );
  }
  const body = await collectBody(request, share);
  if (body === undefined) return;
  const outcome = await sink.append(await inflateBody(body, coding, share), encoding);
  const answer = encoding === "json" ? exportResponseJson(outcome) : encodeExportResponse(outcome);
  response.writeHead(200, { "content-type": mediaTypes[encoding] });
  response.end(answer);
}

/** Undefined when the client went away before its body was complete. */
function collectBody(request: IncomingMessage, share: BudgetShare): Promise<Buffer[] | undefined> {
  return new Promise((resolve, reject) => {
    if (Number(request.headers["content-length"] ?? 0) > requestLimitBytes) return reject(tooLarge());
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size > requestLimitBytes) reject(tooLarge());
      else if (!share.grow(chunk.length)) reject(overloaded());
      else return;
      request.removeAllListeners("data");
    });
    request.on("end", () => resolve(chunks));
    request.on("close", () => resolve(undefined));
    // Followed by `close`: the client went away.
    request.on("error", () => resolve(undefined));
  });
}

function answerRefusal(request: IncomingMessage, response: ServerResponse, refused: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  if (refused.retryAfterSeconds !== undefined) response.setHeader("retry-after", refused.retryAfterSeconds);
  const encoding = encodingOf(request) ?? "json";
  response.writeHead(refused.httpStatus, { "content-type": mediaTypes[encoding] });
  response.end(encoding === "json" ? statusJson(refused) : encodeStatus(refused));
  // What is still being sent is thrown away, so that the client gets to reading the answer.
  request.resume();
}

/** Parameters such as charset are ignored; `application/protobuf` is the type's registered name. */
function encodingOf(request: IncomingMessage): SpanEncoding | undefined {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return "json";
  return type === "application/x-protobuf" || type === "application/protobuf" ? "protobuf" : undefined;
}

function codingOf(request: IncomingMessage): ContentCoding | undefined {
  const coding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  return contentCodings.find((known) => known === (coding === "" ? "identity" : coding));
}

function notFound(message: string): RefusedError {
  return httpRefusal(404, grpcCode.notFound, message);
}

function httpRefusal(httpStatus: number, code: Refusal["code"], message: string): RefusedError {
  return new RefusedError({ httpStatus, code, message });
}
