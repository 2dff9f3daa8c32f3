import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from "node:http2";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { closedEarly, explainConnection } from "./connection-error.ts";
import { readable } from "./rpc-status.ts";

/** A call that did not end with status 0. Numbers are gRPC's status codes. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly status: number;
  /** `grpc-status-details-bin`: a google.rpc.Status. */
  readonly details: Uint8Array | undefined;

  constructor(status: number, message: string, details?: Uint8Array) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

const unknown = 2;
export const deadlineExceeded = 4;
export const internal = 13;
export const unavailable = 14;
/** gRPC, "HTTP to gRPC Status Code Mapping"; every other one is UNKNOWN. */
const byHttpStatus: Readonly<Record<number, number>> = {
  400: internal,
  401: 16,
  403: 7,
  404: 12,
  429: unavailable,
  502: unavailable,
  503: unavailable,
  504: unavailable,
};
const answerLimit = 4 * 1024 * 1024;
const decompress = promisify(gunzip);

/** What a server sent, as far as it came. */
interface Answer {
  head: IncomingHttpHeaders & IncomingHttpStatusHeader;
  trailers: IncomingHttpHeaders;
  body: Buffer;
  /** False where the connection or the stream broke off. */
  isWhole: boolean;
}

/** The message of a unary call's answer; empty where there is none. Throws GrpcError. */
export async function readAnswer(stream: ClientHttp2Stream, host: string): Promise<Uint8Array> {
  const answer = await collect(stream, host);
  const { head, trailers, body } = answer;
  // A status without a message comes with the headers ("Trailers-Only").
  const end = trailers["grpc-status"] === undefined ? head : trailers;
  if (end["grpc-status"] === undefined) throw withoutStatus(answer, host);
  const status = String(end["grpc-status"]);
  if (!/^0+$/.test(status)) throw withStatus(status, end, host);
  return messageOf(body, head["grpc-encoding"], host);
}

function collect(stream: ClientHttp2Stream, host: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let head: Answer["head"] = {};
    let trailers: IncomingHttpHeaders = {};
    let isWhole = false;
    const chunks: Buffer[] = [];
    let size = 0;
    stream.on("response", (headers) => (head = headers));
    stream.on("trailers", (headers) => (trailers = headers));
    stream.on("end", () => (isWhole = stream.rstCode === 0));
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= answerLimit) chunks.push(chunk);
      else {
        reject(new GrpcError(internal, `${host}: the answer is over ${answerLimit} bytes`));
        stream.destroy();
      }
    });
    stream.on("error", (error) => reject(new GrpcError(unavailable, `${host}: ${explainConnection(error)}`)));
    stream.on("close", () => resolve({ head, trailers, body: Buffer.concat(chunks), isWhole }));
  });
}

function withoutStatus({ head, isWhole }: Answer, host: string): GrpcError {
  const http = head[":status"];
  if (http === undefined) return new GrpcError(unavailable, `${host}: no answer: ${closedEarly}`);
  if (http !== 200)
    return new GrpcError(byHttpStatus[http] ?? unknown, `${host} did not answer as gRPC: HTTP ${http}`);
  const type = head["content-type"] ?? "none";
  if (!type.startsWith("application/grpc"))
    return new GrpcError(unknown, `${host} did not answer as gRPC: its content type is ${readable(type)}`);
  return isWhole
    ? new GrpcError(unknown, `${host} answered without a gRPC status`)
    : new GrpcError(unavailable, `${host} closed the connection in the middle of its answer`);
}

function withStatus(status: string, end: IncomingHttpHeaders, host: string): GrpcError {
  const said = readable(percentDecoded(String(end["grpc-message"] ?? "")));
  const message = readable(`${host}: gRPC status ${status} ${said}`);
  const details = end["grpc-status-details-bin"];
  const bytes = typeof details === "string" ? Buffer.from(details, "base64") : undefined;
  return new GrpcError(/^\d{1,2}$/.test(status) ? Number(status) : unknown, message, bytes);
}

/** gRPC, "Status-Message": what is not valid stays as it came. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return text;
  }
}

/** Without the prefix; a receiver may compress its answer as the request was. */
async function messageOf(body: Buffer, encoding: unknown, host: string): Promise<Uint8Array> {
  if (body.length === 0) return body;
  const message = body.subarray(5);
  if (body.length < 5 || body.readUInt32BE(1) !== message.length)
    throw new GrpcError(internal, `${host}: the answer is not one gRPC message`);
  if (body[0] === 0) return message;
  if (encoding !== "gzip")
    throw new GrpcError(
      internal,
      `${host}: the answer's compression was not asked for: ${readable(String(encoding))}`,
    );
  try {
    return await decompress(message, { maxOutputLength: answerLimit });
  } catch (error) {
    throw new GrpcError(internal, `${host}: the answer cannot be decompressed: ${readable(String(error))}`);
  }
}
