/** OTLP over HTTP for traces (OTLP 1.11, "OTLP/HTTP"): protobuf and JSON on one port, answered in the request's type. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { Gate } from "../access.ts";
import { encodeExportResponse, exportResponseJson } from "./export-response.ts";
import { httpRefusal, readBody } from "./http-body.ts";
import type { Intake } from "./intake.ts";
import { answerPage } from "./pages.ts";
import {
  encodeStatus,
  grpcCode,
  refusal,
  type Refusal,
  type RefusedError,
  statusJson,
} from "../rpc-status.ts";
import type { AppendOutcome, SpanEncoding } from "../sink.ts";
import { newHttpServer, type Tls } from "../tls.ts";

type OtlpEncoding = Extract<SpanEncoding, "protobuf" | "json">;

const mediaTypes: Record<OtlpEncoding, string> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

export interface OtlpHttpOptions {
  intake: Intake;
  gate: Gate;
  isHealthy: () => Promise<boolean>;
  tls?: Tls | undefined;
  /** Of web pages that may send (see `pages.ts`). */
  corsOrigins?: readonly string[];
  logger: Logger;
}

const nothing: AppendOutcome = { accepted: 0, rejected: 0, reason: "" };

/** Not listening yet. */
export function createOtlpHttpServer(options: OtlpHttpOptions): Server {
  const server = newHttpServer({ requestTimeout: 60_000, keepAliveTimeout: 65_000 }, options.tls);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response, options).catch((error: unknown) => {
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
  { intake, gate, isHealthy, corsOrigins = [] }: OtlpHttpOptions,
): Promise<void> {
  if (answerPage(request, response, corsOrigins)) return;
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
  const sender = await gate.admit(request.headers.authorization, "ingest", request.socket);
  const share = intake.open(sender);
  response.on("close", () => share.release());
  const body = await readBody(request, response, share);
  if (body === undefined) return;
  // An empty request is a success, says OTLP, though an empty text is no JSON.
  const isEmpty = body.every(({ length }) => length === 0);
  const outcome = isEmpty ? nothing : await intake.append(sender, body, encoding);
  const answer = encoding === "json" ? exportResponseJson(outcome) : encodeExportResponse(outcome);
  response.writeHead(200, { "content-type": mediaTypes[encoding] });
  response.end(answer);
}

function answerRefusal(request: IncomingMessage, response: ServerResponse, refused: Refusal): void {
  if (response.headersSent || response.destroyed) return;
  if (refused.retryAfterSeconds !== undefined) response.setHeader("retry-after", refused.retryAfterSeconds);
  if (refused.httpStatus === 401) response.setHeader("www-authenticate", "Bearer");
  const encoding = encodingOf(request) ?? "json";
  response.writeHead(refused.httpStatus, { "content-type": mediaTypes[encoding] });
  response.end(encoding === "json" ? statusJson(refused) : encodeStatus(refused));
  // What is still being sent is thrown away, so that the client gets to reading the answer.
  request.resume();
}

/** Parameters such as charset are ignored; `application/protobuf` is the type's registered name. */
function encodingOf(request: IncomingMessage): OtlpEncoding | undefined {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return "json";
  return type === "application/x-protobuf" || type === "application/protobuf" ? "protobuf" : undefined;
}

function notFound(message: string): RefusedError {
  return httpRefusal(404, grpcCode.notFound, message);
}
