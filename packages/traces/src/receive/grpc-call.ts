import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { onTestFinished } from "vitest";

export interface GrpcAnswer {
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders;
  body: Buffer;
  /** From trailers, or from the headers of a trailers-only answer. */
  status: string | undefined;
  message: string;
}

/** For tests: a client's connection that closes when the test ends. */
export function connectTo(url: string): ClientHttp2Session {
  const session = connect(url);
  session.on("error", () => session.destroy());
  onTestFinished(() => session.destroy());
  return session;
}

/** A length-prefixed gRPC message. */
export function frame(message: Uint8Array, compressed = 0): Buffer {
  const header = Buffer.alloc(5);
  header[0] = compressed;
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

/** One request with any bytes as its data; resolves when the stream has closed. */
export function call(
  session: ClientHttp2Session,
  path: string,
  data: Uint8Array,
  headers: OutgoingHttpHeaders = {},
): Promise<GrpcAnswer> {
  return new Promise((resolve, reject) => {
    const answer: GrpcAnswer = {
      headers: {},
      trailers: {},
      body: Buffer.alloc(0),
      status: undefined,
      message: "",
    };
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const chunks: Buffer[] = [];
    stream.on("response", (received) => (answer.headers = received));
    stream.on("trailers", (received) => (answer.trailers = received));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("close", () => {
      const end = answer.trailers["grpc-status"] === undefined ? answer.headers : answer.trailers;
      answer.body = Buffer.concat(chunks);
      answer.status = end["grpc-status"] as string | undefined;
      answer.message = decodeURIComponent(String(end["grpc-message"] ?? ""));
      resolve(answer);
    });
    stream.end(data);
  });
}
