import type { IncomingHttpHeaders } from "node:http";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { createRequire } from "node:module";
import type { Agent, Dispatcher } from "undici";
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

// Its index loads clients for everything, at 12 MB.
const UndiciAgent = createRequire(import.meta.url)("undici/lib/dispatcher/agent.js") as typeof Agent;

const agentOptions = {
  connections: 64,
  pipelining: 1,
  allowH2: false,
  // Each request has a time for the whole of it.
  headersTimeout: 0,
  bodyTimeout: 0,
};

/**
 * HTTP to one desk over connections that stay open. No redirect is followed, so a key goes nowhere else; an answer has an end, and a
 * compressed one is inflated up to the same bound. Throws DeskError `transient` where there is no whole answer, the signal's
 * reason where that ended it.
 */
export class DeskHttp {
  private readonly agent = new UndiciAgent(agentOptions);

  async send(request: DeskRequest): Promise<DeskResponse> {
    request.signal.throwIfAborted();
    try {
      return await exchange(this.agent, request);
    } catch (error) {
      request.signal.throwIfAborted();
      if (error instanceof DeskError) throw error;
      throw unreachable(error, request.url);
    }
  }
}

function exchange(agent: Agent, request: DeskRequest): Promise<DeskResponse> {
  const { method, url, headers, body, limitBytes, timeoutMs, signal } = request;
  return new Promise<DeskResponse>((resolve, reject) => {
    const settle = () => {
      clearTimeout(late);
      signal.removeEventListener("abort", abort);
    };
    const answer = new Answer(limitBytes, {
      resolve: (response) => {
        settle();
        resolve(response);
      },
      reject: (error) => {
        settle();
        reject(error);
      },
    });
    const abort = () => answer.end(signal.reason as Error);
    const late = setTimeout(() => answer.end(tooLate(url, timeoutMs)), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    agent.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { ...headers, "accept-encoding": "identity" },
        ...(body === undefined ? {} : { body }),
      },
      answer,
    );
  });
}

interface Settling {
  resolve(response: DeskResponse): void;
  reject(error: unknown): void;
}

/** Collects one answer; undici calls its methods. */
class Answer implements Dispatcher.DispatchHandler {
  private readonly limitBytes: number;
  private readonly settling: Settling;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private status = 0;
  private statusText = "";
  private headers: IncomingHttpHeaders = {};
  private controller: Dispatcher.DispatchController | undefined;
  private endedBy: Error | undefined;

  constructor(limitBytes: number, settling: Settling) {
    this.limitBytes = limitBytes;
    this.settling = settling;
  }

  /** Whoever waits hears of it at once; what was not sent yet is not sent any more. */
  end(error: Error): void {
    this.endedBy = error;
    this.controller?.abort(error);
    this.settling.reject(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.endedBy !== undefined) controller.abort(this.endedBy);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText = "",
  ): void {
    this.status = status;
    this.headers = headers;
    this.statusText = statusText;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    this.chunks.push(chunk);
    if (this.size > this.limitBytes) this.end(new AnswerTooLong(this.limitBytes, this.status));
  }

  onResponseEnd(): void {
    const { status, statusText, headers, limitBytes } = this;
    const header = (name: string) => {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    };
    try {
      const body = this.chunks.length === 1 ? this.chunks[0] : undefined;
      const text = inflated(
        body ?? Buffer.concat(this.chunks),
        header("content-encoding"),
        limitBytes,
        status,
      );
      // Some servers begin UTF-8 with a byte order mark, which is no part of the text.
      this.settling.resolve({
        status,
        statusText,
        header,
        text: text.toString("utf8").replace(/^\uFEFF/, ""),
      });
    } catch (error) {
      this.settling.reject(error);
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.settling.reject(error);
  }
}

/** We ask for plain answers; proxies compress all the same. */
function inflated(
  body: Buffer,
  contentEncoding = "identity",
  limitBytes: number,
  httpStatus: number,
): Buffer {
  const encoding = contentEncoding.trim().toLowerCase();
  const ways = { gzip: gunzipSync, "x-gzip": gunzipSync, deflate: inflateSync, br: brotliDecompressSync };
  if (encoding === "identity" || encoding === "" || body.length === 0) return body;
  const way = ways[encoding as keyof typeof ways];
  if (way === undefined)
    throw new DeskError("transient", `The desk's answer has the unknown encoding ${encoding.slice(0, 40)}.`, {
      httpStatus,
    });
  try {
    return way(body, { maxOutputLength: limitBytes });
  } catch (cause) {
    if (cause instanceof RangeError) throw new AnswerTooLong(limitBytes, httpStatus);
    throw new DeskError("transient", "The desk's answer cannot be inflated.", { httpStatus, cause });
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
  const [code] = [error, error instanceof Error ? error.cause : undefined, ...innerErrors(error)].flatMap(
    codeOf,
  );
  const what = code === undefined ? "" : ` (${inWords[code] ?? code})`;
  return new DeskError("transient", `The desk at ${whereOf(url)} cannot be reached${what}.`, {
    cause: error,
  });
}

/** What answers is not always HTTP: the client's parser then gives no code. */
function codeOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  if (error.name === "HTTPParserError") return [error.name];
  if (error.message === "bad response") return [error.message];
  return "code" in error && typeof error.code === "string" ? [error.code] : [];
}

const unknownCertificate = "its certificate is of an unknown authority: name that in NODE_EXTRA_CA_CERTS";
/** The HTTP client's own codes, and those of TLS that say what to do. */
const inWords: Readonly<Record<string, string>> = {
  HTTPParserError: "what answers there is not HTTP",
  "bad response": "it sent 100 Continue, which nobody asked for",
  UND_ERR_CONNECT_TIMEOUT: "it takes no connection",
  UND_ERR_HEADERS_OVERFLOW: "its headers are over 16 kB",
  UND_ERR_INVALID_ARG: "the key holds a sign that no header may hold",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "its answer is not as long as it says",
  UND_ERR_SOCKET: "it closed the connection",
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownCertificate,
  SELF_SIGNED_CERT_IN_CHAIN: unknownCertificate,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownCertificate,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownCertificate,
  CERT_HAS_EXPIRED: "its certificate has expired",
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS: try http://",
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
