import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { AnswerTooLong, DeskError } from "./desk.ts";

export interface DeskRequest {
  method: "GET" | "POST";
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** A longer answer is cut off and is an error. */
  limitBytes: number;
  /** For the whole of it, milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
}

/** An answer, read whole. */
export interface DeskResponse {
  status: number;
  statusText: string;
  header(name: string): string | undefined;
  text: string;
}

const agentOptions = { keepAlive: true, maxSockets: 64, maxFreeSockets: 16, timeout: 60_000 };

/**
 * HTTP to one desk over connections that stay open. No redirect is followed, so a key goes nowhere else; an answer has an end, and a
 * compressed one is inflated up to the same bound. Throws DeskError `transient` where there is no whole answer, the signal's
 * reason where that ended it.
 */
export class DeskHttp {
  private readonly agents = { "http:": new HttpAgent(agentOptions), "https:": new HttpsAgent(agentOptions) };

  async send(request: DeskRequest): Promise<DeskResponse> {
    request.signal.throwIfAborted();
    try {
      return await this.exchange(request);
    } catch (error) {
      request.signal.throwIfAborted();
      if (error instanceof DeskError) throw error;
      throw unreachable(error, request.url);
    }
  }

  private exchange({ method, url, headers, body, limitBytes, timeoutMs, signal }: DeskRequest) {
    return new Promise<DeskResponse>((resolve, reject) => {
      const isSecure = url.protocol === "https:";
      const options = {
        method,
        agent: this.agents[isSecure ? "https:" : "http:"],
        headers: {
          ...headers,
          "accept-encoding": "identity",
          ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
        },
      };
      const call = isSecure ? httpsRequest(url, options) : httpRequest(url, options);
      const abort = () => call.destroy(signal.reason as Error);
      const late = setTimeout(() => call.destroy(tooLate(url, timeoutMs)), timeoutMs);
      const settle = () => {
        clearTimeout(late);
        signal.removeEventListener("abort", abort);
      };
      signal.addEventListener("abort", abort, { once: true });
      const fail = (error: Error) => {
        settle();
        reject(error);
      };
      call.on("error", fail);
      call.on("response", (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > limitBytes) call.destroy(new AnswerTooLong(limitBytes, response.statusCode));
        });
        response.on("error", fail);
        response.on("aborted", () => fail(Object.assign(new Error("cut off"), { code: "ECONNRESET" })));
        response.on("end", () => {
          settle();
          try {
            resolve(wholeResponse(response, Buffer.concat(chunks), limitBytes));
          } catch (error) {
            reject(error);
          }
        });
      });
      call.end(body);
    });
  }
}

function wholeResponse(response: IncomingMessage, body: Buffer, limitBytes: number): DeskResponse {
  return {
    status: response.statusCode ?? 0,
    statusText: response.statusMessage ?? "",
    header: (name) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    // Some servers begin UTF-8 with a byte order mark, which is no part of the text.
    text: inflated(response, body, limitBytes)
      .toString("utf8")
      .replace(/^\uFEFF/, ""),
  };
}

/** We ask for plain answers; proxies compress all the same. */
function inflated(response: IncomingMessage, body: Buffer, limitBytes: number): Buffer {
  const encoding = response.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  const ways = { gzip: gunzipSync, "x-gzip": gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  if (encoding === "identity" || encoding === "" || body.length === 0) return body;
  const way = ways[encoding as keyof typeof ways];
  if (way === undefined)
    throw new DeskError("transient", `The desk's answer has the unknown encoding ${encoding.slice(0, 40)}.`, {
      httpStatus: response.statusCode,
    });
  try {
    return way(body, { maxOutputLength: limitBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw new AnswerTooLong(limitBytes, response.statusCode);
    throw new DeskError("transient", "The desk's answer cannot be inflated.", {
      httpStatus: response.statusCode,
      cause,
    });
  }
}

function tooLate(url: URL, timeoutMs: number): DeskError {
  return new DeskError(
    "transient",
    `The desk at ${whereOf(url)} did not answer within ${timeoutMs / 1_000} s.`,
  );
}

/** Nobody there, or cut off. What was asked may have been done. */
function unreachable(error: unknown, url: URL): DeskError {
  const [code] = [error, ...innerErrors(error)].flatMap((one) =>
    one instanceof Error && "code" in one && typeof one.code === "string" ? [one.code] : [],
  );
  const what = code === undefined ? "" : ` (${inWords(code)})`;
  return new DeskError("transient", `The desk at ${whereOf(url)} cannot be reached${what}.`, {
    cause: error,
  });
}

function inWords(code: string): string {
  return words[code] ?? (code.startsWith("HPE_") ? "what answers there is not HTTP" : code);
}

const unknownCertificate = "its certificate is of an unknown authority: name that in NODE_EXTRA_CA_CERTS";
/** Codes that say too little: Node's, of its HTTP parser (HPE) and of TLS. */
const words: Readonly<Record<string, string>> = {
  ECONNRESET: "it closed the connection",
  ERR_INVALID_CHAR: "the key holds a sign that no header may hold",
  HPE_HEADER_OVERFLOW: "its headers are over 16 kB",
  HPE_UNEXPECTED_CONTENT_LENGTH: "its answer has two lengths",
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownCertificate,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCertificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCertificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCertificate,
  CERT_HAS_EXPIRED: "its certificate has expired",
  EPROTO: "TLS failed: where it speaks none, try http://",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
};

/** A name with several addresses fails with the errors of all. */
function innerErrors(error: unknown): unknown[] {
  return error instanceof AggregateError ? (error.errors as unknown[]) : [];
}

export function portOf(url: URL): number {
  return Number(url.port) || (url.protocol === "https:" ? 443 : 80);
}

function whereOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}

/** `Retry-After` in seconds or as an HTTP date (RFC 9110, section 10.2.3); milliseconds from now. */
export function retryAfterMs(response: DeskResponse): number | undefined {
  const value = response.header("retry-after")?.trim();
  if (value === undefined || value === "") return undefined;
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
